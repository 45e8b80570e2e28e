"""Where a number comes from: the snapshots of a day, the newest first."""

from __future__ import annotations

from typing import Any

from tests.graphql_schema.golden_figures import SECOND_REPORT
from tests.graphql_schema.golden_world import EVERY_METRIC, GoldenWorld

SNAPSHOTS = f"""
query ($id: ID!, $date: Date!, $first: Int, $after: String, $last: Int, $before: String) {{
  campaign(id: $id) {{
    snapshots(date: $date, first: $first, after: $after, last: $last, before: $before) {{
      totalCount
      nodes {{ fetchedAt attributionSetting metrics {{ {EVERY_METRIC} currency hasData isFinal from to }} }}
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
    }}
  }}
}}
"""


async def snapshots(golden: GoldenWorld, name: str, day: str, **paging: Any) -> dict[str, Any]:
    data = await golden.ask(SNAPSHOTS, id=golden.gid(name), date=day, **paging)
    return data["campaign"]["snapshots"]


async def test_the_snapshots_of_a_day_newest_first(golden: GoldenWorld) -> None:
    found = await snapshots(golden, "Alpha", "2026-03-02")

    facts = {"currency": "USD", "hasData": True, "isFinal": False, "from": "2026-03-02", "to": "2026-03-02"}
    assert found["totalCount"] == 3
    assert [(node["fetchedAt"], node["attributionSetting"], node["metrics"]["spend"]) for node in found["nodes"]] == [
        ("2026-03-05T00:00:00+00:00", "7d_click", "40.06"),  # 40.0625
        ("2026-03-02T16:45:00+00:00", None, "38.00"),
        ("2026-03-02T04:00:00+00:00", None, "10.00"),
    ]
    assert found["nodes"][1]["metrics"] == {**SECOND_REPORT, **facts}


async def test_a_day_without_snapshots(golden: GoldenWorld) -> None:
    page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}

    assert await snapshots(golden, "Alpha", "2026-03-03") == {"totalCount": 0, "nodes": [], "pageInfo": page}
    assert await snapshots(golden, "Dune", "2026-03-02") == {"totalCount": 0, "nodes": [], "pageInfo": page}


async def test_snapshots_are_walked_in_both_directions(golden: GoldenWorld) -> None:
    def times(found: dict[str, Any]) -> list[str]:
        return [node["fetchedAt"][5:16] for node in found["nodes"]]

    first = await snapshots(golden, "Alpha", "2026-03-02", first=2)
    rest = await snapshots(golden, "Alpha", "2026-03-02", first=2, after=first["pageInfo"]["endCursor"])
    last = await snapshots(golden, "Alpha", "2026-03-02", last=1)
    upwards = await snapshots(golden, "Alpha", "2026-03-02", last=1, before=last["pageInfo"]["startCursor"])

    assert times(first) == ["03-05T00:00", "03-02T16:45"]
    assert times(rest) == times(last) == ["03-02T04:00"]
    assert times(upwards) == ["03-02T16:45"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert (upwards["pageInfo"]["hasPreviousPage"], upwards["totalCount"]) == (True, 3)
