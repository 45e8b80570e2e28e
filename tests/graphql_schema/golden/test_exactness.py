"""Ratios that no decimal can hold: they tie when they are equal, and differ when they are not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.graphql_schema.golden_world import GoldenWorld, counters
from tests.graphql_schema.small_world import LONG_AGO, names

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld

# Campaign, day, and then: spend, impressions, link clicks, content views, additions to a cart, checkouts, purchases,
# purchase value. What is ordered and filtered is the second day.
ROWS = """
a  1  6            6            1           0 0 0 0  1
a  2  3            3            1           0 0 0 0  1
b  1  0.6          14           3           0 0 0 0  0.1
b  2  0.3          21           7           0 0 0 0  0.1
c  1  5999.999994  999999999    111111111   0 0 0 0  999.999999
c  2  2999.999997  1000000000000000002  333333333333333334  0 0 0 0  999.999999
d  1  0.000018     9            1           0 0 0 0  0.000003
d  2  0.000009     9            3           0 0 0 0  0.000003
e  1  0.000018     9            1           0 0 0 0  0.000003
e  2  3000000000.000001  300000000000000000  100000000000000001  0 0 0 0  1000000000
"""
SECOND = {"custom": {"from": "2026-03-02", "to": "2026-03-02"}}
DOCUMENT = """
query ($range: DateRangeInput, $orderBy: [CampaignOrder!], $filter: CampaignFilter) {
  campaigns(range: $range, orderBy: $orderBy, filter: $filter) { nodes { name } }
}
"""


@pytest.fixture(scope="module")
async def golden(shared_world: SmallWorld) -> GoldenWorld:
    tenant = await shared_world.add_seller("thirds")
    account = await tenant.add_account()
    campaigns = {name: await tenant.add_campaign(account, name) for name in "abcde"}
    for line in ROWS.strip().splitlines():
        name, day, *words = line.split()
        await tenant.add_day(campaigns[name], date(2026, 3, int(day)), fetched_at=LONG_AGO, **counters(words))
    return GoldenWorld(tenant, {}, campaigns)


async def ordered(golden: GoldenWorld, **order: Any) -> str:
    orders = [order, {"field": "NAME", "direction": "DESC"}]
    return "".join(names((await golden.ask(DOCUMENT, range=SECOND, orderBy=orders))["campaigns"]["nodes"]))


async def found(golden: GoldenWorld, metric: str, op: str, value: str) -> str:
    filtered = {"metrics": [{"metric": metric, "op": op, "value": value}]}
    data = await golden.ask(DOCUMENT, range=SECOND, filter=filtered, orderBy=[{"field": "NAME"}])
    return "".join(names(data["campaigns"]["nodes"]))


async def test_thirds_of_all_sizes_tie(golden: GoldenWorld) -> None:
    # a, b, c and d have a ROAS of 1/3; e has a little less: 1000000000 / 3000000000.000001.
    assert await ordered(golden, field="ROAS") == "edcba"
    assert await ordered(golden, field="ROAS", direction="DESC") == "dcbae"
    # Link clicks of impressions: a, b and d 1/3, c 333333333333333334 / 1000000000000000002 = 1/3, e a little more.
    assert await ordered(golden, field="CTR") == "dcbae"
    assert await ordered(golden, field="CTR", direction="DESC") == "edcba"


async def test_a_third_is_more_than_any_threes(golden: GoldenWorld) -> None:
    threes = "0.33333333333333333333"

    assert await found(golden, "ROAS", "GT", "0.3333333333") == "abcde"
    assert await found(golden, "ROAS", "LT", "0.33333333333333333333") == "e"
    assert await found(golden, "ROAS", "GT", threes) == "abcd"
    assert await found(golden, "ROAS", "EQ", threes) == ""
    assert await found(golden, "CTR", "GT", "33.33333333333333333333") == "abcde"
    assert await found(golden, "CTR", "LTE", "33.33333333333333333334") == "abcd"


async def test_doubled_is_doubled(golden: GoldenWorld) -> None:
    # ROAS of a to d: from 1/6 to 1/3, so 1; of e a little less.
    assert await ordered(golden, field="ROAS", change="RELATIVE", direction="DESC") == "dcbae"
    assert await ordered(golden, field="ROAS", change="ABSOLUTE", direction="DESC") == "dcbae"
    # Link clicks of impressions: a 1/6 to 1/3: 1; b 3/14 to 1/3: 5/9; c and d 1/9 to 1/3: 2; e a little more than that.
    assert await ordered(golden, field="CTR", change="RELATIVE") == "badce"
