"""Who pages through an order that moves sees what the first page's moment had, once each, with the values of now."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.graphql_schema.moving_ads import RANGE, MovingAd, MovingAds, move_ads, ranked

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld, Tenant

ADS = 1000
PAGE = """
query ($range: DateRangeInput, $orderBy: [AdOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  ads(range: $range, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id name status deliveryStatus metrics { spend impressions } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


class Case(NamedTuple):
    """An order, and the names that a MovingAd has for its keys."""

    order_by: list[dict[str, Any]]
    keys: tuple[str, ...]

    def rank(self, ads: list[MovingAd]) -> list[str]:
        return ranked(ads, self.keys, descending=[key.get("direction") == "DESC" for key in self.order_by])


SPEND, DOWN = {"field": "SPEND"}, {"direction": "DESC"}
CASES = {
    "spend down": Case([SPEND | DOWN], ("today",)),
    "spend up": Case([SPEND], ("today",)),
    "several keys": Case([{"field": "IMPRESSIONS"}, SPEND | DOWN, {"field": "NAME"}], ("impressions", "today", "name")),
    "absolute change": Case([SPEND | DOWN | {"change": "ABSOLUTE"}], ("difference",)),
    "relative change down": Case([SPEND | DOWN | {"change": "RELATIVE"}], ("change",)),
    "relative change up": Case([SPEND | {"change": "RELATIVE"}], ("change",)),
    "delivery status": Case([{"field": "DELIVERY_STATUS"}, {"field": "STATUS"} | DOWN], ("delivery_status", "status")),
}


class Reader:
    """Pages through a list as a client does, and checks every page against the order of the first page's moment."""

    def __init__(self, tenant: Tenant, ads: MovingAds, case: Case) -> None:
        self._tenant = tenant
        self._ads = ads
        self._case = case
        self._order: list[str] = []
        self._from = self._to = 0  # where the newest page stands
        self._cursors: dict[str, str] = {}  # its page info

    async def start(self, size: int, *, backwards: bool) -> None:
        """The first page, or the last."""
        self._order = self._case.rank(await self._ads.at_present())
        count = len(self._order)
        if backwards:
            await self._read(count - size, count, {"last": size})
        else:
            await self._read(0, size, {"first": size})

    async def go(self, size: int, *, backwards: bool) -> None:
        """The page beside the newest one that was not empty."""
        if backwards:
            start = max(0, self._from - size)
            await self._read(start, self._from, {"last": size, "before": self._cursors["startCursor"]})
        else:
            stop = min(len(self._order), self._to + size)
            await self._read(self._to, stop, {"first": size, "after": self._cursors["endCursor"]})

    async def _read(self, start: int, stop: int, place: dict[str, Any]) -> None:
        """A page that must be this part of the order."""
        now = {ad.gid: ad.node for ad in await self._ads.at_present()}
        page = (await self._tenant.ask(PAGE, range=RANGE, orderBy=self._case.order_by, **place))["ads"]
        info, cursors = page["pageInfo"], [edge["cursor"] for edge in page["edges"]]
        assert [edge["node"] for edge in page["edges"]] == [now[key] for key in self._order[start:stop]]
        assert (info["hasPreviousPage"], info["hasNextPage"]) == (start > 0, stop < len(self._order))
        assert [info["startCursor"], info["endCursor"]] == ([cursors[0], cursors[-1]] if cursors else [None, None])
        if cursors:
            self._from, self._to, self._cursors = start, stop, info

    @property
    def at_start(self) -> bool:
        return self._from == 0

    @property
    def at_end(self) -> bool:
        return self._to == len(self._order)


class Stage(NamedTuple):
    tenant: Tenant
    ads: MovingAds


@pytest.fixture
async def stage(world: SmallWorld) -> Stage:
    tenant = await world.add_seller("moving")
    return Stage(tenant, await move_ads(tenant, ADS, seed=7))


@pytest.mark.parametrize("name", CASES)
async def test_a_walk_sees_each_ad_once_and_as_it_is_now(stage: Stage, name: str) -> None:
    """From the one end to the other, while everything moves between two pages."""
    chance = random.Random(name)
    backwards = name.endswith(("up", "change"))
    reader = Reader(*stage, CASES[name])

    await reader.start(chance.randint(70, 100), backwards=backwards)
    while not (reader.at_start if backwards else reader.at_end):
        await stage.ads.sync()
        await reader.go(chance.randint(70, 100), backwards=backwards)


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_reader_may_turn_round_anywhere(stage: Stage, *, backwards: bool) -> None:
    """Near the end where it begins, so that it meets it, and goes on from there."""
    chance = random.Random(backwards)
    reader = Reader(*stage, CASES["several keys"])

    await reader.start(10, backwards=backwards)
    for _ in range(16):
        if chance.random() < 0.2:
            await stage.ads.sync()
        await reader.go(chance.randint(1, 20), backwards=chance.random() < 0.5)


async def test_a_list_that_is_started_again_has_the_order_of_now(stage: Stage) -> None:
    for _ in range(2):
        reader = Reader(*stage, CASES["spend down"])
        await reader.start(100, backwards=False)
        await stage.ads.sync()
        await reader.go(100, backwards=False)
