"""Under a list's instant, what is behind a number is what was behind it then."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.graphql_schema.golden_world import GoldenWorld

BEHIND = """
query ($asOf: DateTime, $ids: [ID!]) {
  campaigns(asOf: $asOf, range: {custom: {from: "2026-03-02", to: "2026-03-02"}}, filter: {ids: $ids}) {
    nodes {
      metrics { spend }
      snapshots(date: "2026-03-02") { totalCount nodes { metrics { spend } } }
      restatements { snapshotCount change { base { spend } current { spend } absolute { spend } } }
    }
  }
}
"""


async def test_later_snapshots_are_not_there_yet(golden: GoldenWorld) -> None:
    data = await golden.ask(BEHIND, asOf="2026-03-02T18:00:00Z", ids=[golden.gid("Alpha")])

    assert data["campaigns"]["nodes"] == [
        {
            "metrics": {"spend": "38.00"},
            "snapshots": {
                "totalCount": 2,
                "nodes": [{"metrics": {"spend": "38.00"}}, {"metrics": {"spend": "10.00"}}],
            },
            "restatements": [
                {
                    "snapshotCount": 2,
                    "change": {
                        "base": {"spend": "10.00"},
                        "current": {"spend": "38.00"},
                        "absolute": {"spend": "28.00"},  # 38 - 10 = 28
                    },
                }
            ],
        }
    ]
