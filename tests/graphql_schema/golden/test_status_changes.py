"""Changes of status on the days of a series: each on its local day, of the entity or of all that a list has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.identifiers import new_id
from app.queries.status_changes.status_changes import SEEN_STATUS
from tests.graphql_schema.golden_world import GoldenWorld, instant, plant

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld

DAYS = {"custom": {"from": "2026-03-07", "to": "2026-03-09"}}
MARKS = "from statusChanges { at entityId before after origin }"
DOCUMENT = f"""
query ($range: DateRangeInput, $granularity: Granularity!) {{
  campaigns(range: $range, orderBy: {{field: NAME}}) {{
    nodes {{ name series(granularity: $granularity) {{ {MARKS} }} }}
    series(granularity: $granularity) {{ currency points {{ {MARKS} }} }}
  }}
}}
"""
# Campaign, when (UTC), from, to, whether a sync saw it.
CHANGES = """
Coast  03-08T07:59  ACTIVE  PAUSED  here
Coast  03-08T08:00  PAUSED  ACTIVE  seen
Alpha  03-08T16:59  ACTIVE  PAUSED  here
Alpha  03-08T17:00  PAUSED  ACTIVE  seen
Beta   03-06T16:59  ACTIVE  ARCHIVED  here
Dune   03-07T12:00  PAUSED  PAUSED  here
"""


@pytest.fixture(scope="module")
async def golden(shared_world: SmallWorld) -> GoldenWorld:
    golden = await plant(shared_world)
    for line in CHANGES.strip().splitlines():
        name, at, before, after, how = line.split()
        await shared_world.insert(
            "audit_events",
            {
                "seller_id": golden.tenant.seller_id,
                "id": new_id(),
                "batch_id": new_id(),
                "action": SEEN_STATUS if how == "seen" else "setStatus",
                "subject_type": "CAMPAIGN",
                "subject_id": golden.entities[name].id,
                "before": f'{{"status": "{before}"}}',
                "after": f'{{"status": "{after}"}}',
                "created_at": instant(at),
            },
        )
    return golden


async def series(golden: GoldenWorld, granularity: str) -> dict[str, Any]:
    return (await golden.ask(DOCUMENT, range=DAYS, granularity=granularity))["campaigns"]


def mark(golden: GoldenWorld, name: str, at: str, before: str, after: str, origin: str) -> dict[str, str]:
    at = f"2026-{at}:00+00:00"
    return {"at": at, "entityId": golden.gid(name), "before": before, "after": after, "origin": origin}


async def test_a_change_is_on_its_local_day(golden: GoldenWorld) -> None:
    found = {node["name"]: node["series"] for node in (await series(golden, "DAY"))["nodes"]}
    alpha_off = mark(golden, "Alpha", "03-08T16:59", "ACTIVE", "PAUSED", "HERE")
    alpha_on = mark(golden, "Alpha", "03-08T17:00", "PAUSED", "ACTIVE", "PLATFORM")
    coast_off = mark(golden, "Coast", "03-08T07:59", "ACTIVE", "PAUSED", "HERE")
    coast_on = mark(golden, "Coast", "03-08T08:00", "PAUSED", "ACTIVE", "PLATFORM")

    def days(*changes: list[dict[str, str]]) -> list[dict[str, Any]]:
        return [
            {"from": f"2026-03-0{day}", "statusChanges": marks} for day, marks in zip((7, 8, 9), changes, strict=True)
        ]

    # 9 March begins at 17:00 UTC in Hanoi, 8 March at 08:00 UTC in Los Angeles.
    assert found == {
        "Alpha": days([], [alpha_off], [alpha_on]),
        # On 6 March in Hanoi, before the range.
        "Beta": days([], [], []),
        "Coast": days([coast_off], [coast_on], []),
        # Paused once more: nothing changed.
        "Dune": days([], [], []),
        "Edo": days([], [], []),
    }


async def test_a_list_has_the_changes_of_all_its_campaigns_by_time(golden: GoldenWorld) -> None:
    found = {row["currency"]: row["points"] for row in (await series(golden, "WEEK"))["series"]}

    # The week of 2 March, clipped to 7 and 8 March, and 9 March.
    assert found == {
        "JPY": [{"from": "2026-03-07", "statusChanges": []}, {"from": "2026-03-09", "statusChanges": []}],
        "USD": [
            {
                "from": "2026-03-07",
                "statusChanges": [
                    mark(golden, "Coast", "03-08T07:59", "ACTIVE", "PAUSED", "HERE"),
                    mark(golden, "Coast", "03-08T08:00", "PAUSED", "ACTIVE", "PLATFORM"),
                    mark(golden, "Alpha", "03-08T16:59", "ACTIVE", "PAUSED", "HERE"),
                ],
            },
            {
                "from": "2026-03-09",
                "statusChanges": [mark(golden, "Alpha", "03-08T17:00", "PAUSED", "ACTIVE", "PLATFORM")],
            },
        ],
    }
