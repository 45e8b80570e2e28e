"""Orders by what may be unset: however it is cut into pages, either way, a list is the same, what is unset last."""

from __future__ import annotations

import random
from datetime import timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.graphql_schema.small_world import LONG_AGO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.graphql_schema.small_world import SmallWorld, Tenant

ADSETS = 60
PAGE = """
query ($orderBy: [AdsetOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  adsets(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
BUDGET, TYPE, START, END = "BUDGET", "BUDGET_TYPE", "START_DATE", "END_DATE"
GOAL, NAME = "OPTIMIZATION_GOAL", "NAME"
ORDERS = [
    [(BUDGET, "ASC")],
    [(BUDGET, "DESC")],
    [(END, "ASC")],
    [(END, "DESC")],
    [(GOAL, "ASC")],
    [(GOAL, "DESC")],
    [(GOAL, "DESC"), (END, "ASC")],
    [(TYPE, "ASC"), (START, "DESC"), (GOAL, "DESC")],
    [(NAME, "ASC"), (BUDGET, "DESC"), (END, "ASC")],
    [(BUDGET, "ASC"), (NAME, "DESC")],
    [(BUDGET, "ASC"), (TYPE, "ASC"), (START, "ASC"), (END, "DESC"), (GOAL, "ASC")],
]


class Stage(NamedTuple):
    tenant: Tenant
    rows: list[dict[str, Any]]  # by order field, and ID

    def whole(self, order: Sequence[tuple[str, str]]) -> list[str]:
        """All ids in this order."""
        found = sorted(self.rows, key=itemgetter("ID"), reverse=order[-1][1] == "DESC")
        for field, direction in reversed(order):
            known = [row for row in found if row[field] is not None]
            known.sort(key=itemgetter(field), reverse=direction == "DESC")
            found = known + [row for row in found if row[field] is None]
        return [row["gid"] for row in found]


@pytest.fixture(scope="module")
async def stage(shared_world: SmallWorld) -> Stage:
    """Ad sets of few values, two of three unset."""
    tenant = await shared_world.add_seller("sparse")
    campaign = await tenant.add_campaign(await tenant.add_account())
    chance = random.Random(3)
    rows: list[dict[str, Any]] = []
    for _ in range(ADSETS):
        budget = chance.choice([None, None, 1_000_000, 2_000_000, 30_000_000])
        row: dict[str, Any] = {
            NAME: chance.choice("abc"),
            BUDGET: budget,
            TYPE: budget and chance.choice(["DAILY", "LIFETIME"]),
            START: chance.choice([None, None, LONG_AGO, LONG_AGO + timedelta(days=1)]),
            END: chance.choice([None, None, *(LONG_AGO + timedelta(days=days) for days in (9, 10))]),
            GOAL: chance.choice([None, None, "LINK_CLICKS", "VALUE", "Value"]),
        }
        columns = {"budget_micros": BUDGET, "budget_type": TYPE, "starts_at": START, "ends_at": END}
        adset = await tenant.add_adset(
            campaign,
            row[NAME],
            optimization_goal=row[GOAL],
            **{column: row[field] for column, field in columns.items()},
        )
        rows.append({**row, "ID": adset.id.bytes, "gid": adset.gid})
    return Stage(tenant, rows)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("order", ORDERS)
async def test_pages_of_any_sizes_make_up_the_list(
    stage: Stage, order: list[tuple[str, str]], *, backwards: bool
) -> None:
    chance = random.Random(str(order))
    size, cursor, more = ("last", "before", "hasPreviousPage") if backwards else ("first", "after", "hasNextPage")
    rest, end = ("hasNextPage", "startCursor") if backwards else ("hasPreviousPage", "endCursor")
    order_by = [{"field": field, "direction": direction} for field, direction in order]
    found: list[str] = []
    place: dict[str, Any] = {}
    while len(found) < ADSETS:
        page = (await stage.tenant.ask(PAGE, orderBy=order_by, **{size: chance.randint(1, 12)}, **place))["adsets"]
        ids = [node["id"] for node in page["nodes"]]
        assert page["pageInfo"][rest] is bool(place)
        found = ids + found if backwards else found + ids
        assert page["pageInfo"][more] is (len(found) < ADSETS)
        place = {cursor: page["pageInfo"][end]}

    assert found == stage.whole(order)
