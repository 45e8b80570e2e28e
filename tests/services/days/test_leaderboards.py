from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from app.database.transactions import tenant_transaction
from app.metrics import derive
from app.metrics.counters import Counters
from app.metrics.definitions import METRICS, QUOTIENTS, Better
from app.metrics.levels import Level
from app.services.days.leaderboards import rank_day
from tests.services.shop import add_seller
from tests.services.stored_days import store
from tests.services.ticking import connect_mocks, tell
from tests.services.working import fetch

if TYPE_CHECKING:
    from fractions import Fraction

    from app.services.context import Services

DAY = date(2026, 11, 20)
IDS = [UUID(int=place) for place in range(1, 41)]
SPEND_ONLY = Counters(spend_micros=5_000_000)


async def rank(services: Services, seller_id: UUID) -> int:
    async with tenant_transaction(services.database.app, seller_id) as driver:
        return await rank_day(driver, services, seller_id=seller_id, day=DAY)


async def boards(services: Services, seller_id: UUID, level: Level, currency: str = "USD") -> dict[str, list[UUID]]:
    """Metric → entities, best first."""
    query = "SELECT metric, entity_ids FROM leaderboards WHERE level = $1 AND currency = $2 AND stat_date = $3"
    return {row[0]: list(row[1]) for row in await fetch(services, seller_id, query, level, currency, DAY)}


def some_counters(random: Random) -> Counters:
    """Small numbers, so that there are zeros and ties."""
    return Counters(*(random.choice((0, 1, 2, 3, 6)) * unit for unit in (10**6, 1, 1, 1, 1, 1, 1, 10**6)))


def expected(rows: dict[UUID, Counters]) -> dict[str, list[UUID]]:
    """The contract, once more and by hand: by the exact quotient, without what is divided by nothing."""
    found: dict[str, list[UUID]] = {}
    for metric in METRICS:
        bottom = QUOTIENTS[metric.name].denominator
        part = [entity for entity, row in rows.items() if bottom is None or getattr(row, bottom) != 0]
        sign = -1 if metric.better is Better.MORE else 1

        def place(entity: UUID, *, sign: int = sign, metric: object = metric) -> tuple[Fraction, UUID]:
            return sign * derive.exact(metric, rows[entity]), entity  # pyright: ignore[reportArgumentType]  # bound early

        if part:
            found[metric.name] = sorted(part, key=place)
    return found


async def test_every_metric_ranks_every_level_exactly(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    random = Random(20)
    rows = {entity: some_counters(random) for entity in IDS}
    third = Counters(spend_micros=3, purchase_value_micros=1), Counters(spend_micros=6, purchase_value_micros=2)
    for level in Level:
        await store(services, seller_id, account, level, DAY, rows)
        await store(services, seller_id, account, level, date(2026, 11, 19), dict.fromkeys(IDS, SPEND_ONLY))
    ads = {**rows, UUID(int=98): third[1], UUID(int=99): third[0]}  # the same quotient of other numbers: a tie
    await store(services, seller_id, account, Level.AD, DAY, ads)
    assert await rank(services, seller_id) == 3 * len(METRICS)
    assert await boards(services, seller_id, Level.CAMPAIGN) == expected(rows)
    assert await boards(services, seller_id, Level.ADSET) == expected(rows)
    assert await boards(services, seller_id, Level.AD) == expected(ads)
    assert await boards(services, seller_id, Level.ACCOUNT) == {}


async def test_a_leaderboard_is_so_long_and_says_how_many_took_part(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    rows = {
        entity: Counters(spend_micros=place, link_clicks=place % 2, impressions=1) for place, entity in enumerate(IDS)
    }
    await store(services, seller_id, account, Level.AD, DAY, rows)
    settings = services.settings.model_copy(update={"leaderboard_size": 3})
    await rank(replace(services, settings=settings), seller_id)
    query = "SELECT metric, entity_ids, entities, is_final FROM leaderboards WHERE metric IN ('spend', 'cpc', 'cpv')"
    found = {row[0]: tuple(row)[1:] for row in await fetch(services, seller_id, query)}
    assert found == {
        "spend": ([IDS[39], IDS[38], IDS[37]], 40, False),
        "cpc": ([IDS[1], IDS[3], IDS[5]], 20, False),
    }


async def test_currencies_are_ranked_apart(services: Services) -> None:
    seller_id = await add_seller(services)
    dollars, dong = await connect_mocks(services, seller_id, 2)
    await tell(services, seller_id, "UPDATE fb_connections SET currency = 'VND' WHERE id = $1", dong)
    await store(services, seller_id, dollars, Level.AD, DAY, {IDS[0]: SPEND_ONLY})
    await store(services, seller_id, dong, Level.AD, DAY, {IDS[1]: Counters(spend_micros=9)})
    await rank(services, seller_id)
    assert (await boards(services, seller_id, Level.AD))["spend"] == [IDS[0]]
    assert (await boards(services, seller_id, Level.AD, "VND"))["spend"] == [IDS[1]]


async def test_ranking_again_writes_only_what_differs(services: Services) -> None:
    seller_id, other = await add_seller(services), await add_seller(services, "other")
    (account,) = await connect_mocks(services, seller_id, 1)
    (theirs,) = await connect_mocks(services, other, 1)
    rows = {entity: Counters(spend_micros=place, impressions=1) for place, entity in enumerate(IDS[:3])}
    await store(services, seller_id, account, Level.AD, DAY, rows)
    await store(services, other, theirs, Level.AD, DAY, {IDS[9]: SPEND_ONLY})
    assert await rank(services, seller_id) > 0
    assert await rank(services, seller_id) == 0
    await store(services, seller_id, account, Level.AD, DAY, {IDS[0]: rows[IDS[0]]._replace(spend_micros=7)})
    assert await rank(services, seller_id) == 3  # spend, cpm, and roas, which says something of it now
    assert (await boards(services, seller_id, Level.AD))["spend"] == [IDS[0], IDS[2], IDS[1]]
    await store(services, seller_id, account, Level.AD, DAY, {entity: Counters(spend_micros=1) for entity in rows})
    await rank(services, seller_id)
    found = await boards(services, seller_id, Level.AD)
    assert ("cpm" in found, "ctr" in found, found["spend"]) == (False, False, IDS[:3])
    assert await boards(services, other, Level.AD) == {}
