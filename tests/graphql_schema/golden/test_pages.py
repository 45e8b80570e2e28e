"""Pages of two, forwards and backwards, are the whole list: ordered by metrics, by changes, by what may be unset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.graphql_schema.golden_world import WEEK, GoldenWorld, plant
from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld

DOCUMENT = """
query ($range: DateRangeInput, $asOf: DateTime, $orderBy: [CampaignOrder!], $filter: CampaignFilter,
       $first: Int, $after: String, $last: Int, $before: String) {
  campaigns(range: $range, asOf: $asOf, orderBy: $orderBy, filter: $filter,
            first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { name metrics { spend } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
DOLLARS = {"filter": {"currency": "USD"}}
MORNING = {"asOf": "2026-03-05T00:30:00+00:00"}


@pytest.fixture
async def golden(world: SmallWorld) -> GoldenWorld:
    golden = await plant(world)
    await world.write("UPDATE campaigns SET starts_at = '2026-03-01' WHERE name = 'Coast'")
    await world.write("UPDATE campaigns SET starts_at = '2026-02-01' WHERE name = 'Edo'")
    return golden


async def walk(golden: GoldenWorld, arguments: dict[str, Any], *, backwards: bool) -> list[str]:
    found: list[str] = []
    count, cursor, more, end = ("last", "before", "hasPreviousPage", "startCursor")
    if not backwards:
        count, cursor, more, end = ("first", "after", "hasNextPage", "endCursor")
    place: dict[str, Any] = {}
    while True:
        page = (await golden.ask(DOCUMENT, **{count: 2}, **place, **arguments))["campaigns"]
        listed = names(page["nodes"])
        found = listed + found if backwards else found + listed
        assert page["pageInfo"][more] is (len(found) < page["totalCount"])
        if not page["pageInfo"][more]:
            return found
        place = {cursor: page["pageInfo"][end]}


@pytest.mark.parametrize(
    ("order", "others", "expected"),
    [
        ({"field": "BUDGET"}, DOLLARS, "Coast Alpha"),  # 20, 50, none, none
        ({"field": "BUDGET", "direction": "DESC"}, DOLLARS, "Alpha Coast"),
        ({"field": "START_DATE"}, {}, "Edo Coast"),  # 1 February, 1 March, none, none, none
        ({"field": "START_DATE", "direction": "DESC"}, {}, "Coast Edo"),
        ({"field": "ROAS", "direction": "DESC"}, {}, "Alpha Coast Edo Beta Dune"),
        ({"field": "SPEND"}, DOLLARS, "Dune Coast Beta Alpha"),
        ({"field": "SPEND", "change": "RELATIVE"}, {}, "Alpha Edo Coast"),  # 0.25, 0.5005, 1, none, none
        ({"field": "SPEND", "change": "RELATIVE", "direction": "DESC"}, {}, "Coast Edo Alpha"),
        ({"field": "IMPRESSIONS", "change": "ABSOLUTE"}, {}, "Edo Dune Coast"),  # -1000, 0, 1400, 4000, 4000
        ({"field": "STATUS"}, {}, ""),
        ({"field": "DELIVERY_STATUS", "direction": "DESC"}, {}, ""),
        ({"field": "IMPRESSIONS", "direction": "DESC"}, MORNING, "Alpha Beta"),  # 6000, 4000, 0, 0
    ],
)
async def test_pages_make_up_the_list(
    golden: GoldenWorld, order: dict[str, Any], others: dict[str, Any], expected: str
) -> None:
    arguments: dict[str, Any] = {"range": WEEK, "orderBy": [order], **others}
    whole = (await golden.ask(DOCUMENT, **arguments))["campaigns"]
    listed = names(whole["nodes"])

    assert len(listed) == whole["totalCount"] == len(set(listed))
    assert listed[: len(expected.split())] == expected.split()
    assert await walk(golden, arguments, backwards=False) == listed
    assert await walk(golden, arguments, backwards=True) == listed
