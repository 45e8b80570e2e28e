"""How all sellers fare together: freshness, health of their connections, call budgets, partitions for what comes.

Sellers are walked in pages, each asked for by a statement of its own; no seller or account gets a series of its own.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING
from uuid import UUID

from app import clock
from app.database.partitions import RAW_TABLE
from app.database.transactions import across_tenants, work_transaction
from app.observability.measuring import Reading
from app.observability.prometheus import ACCOUNTS, CONNECTIONS, FRESHNESS, PARTITIONS_AHEAD, SCARCE_BUDGETS
from app.queries.jobs.fleet import Pace, count_connections, list_freshness
from app.queries.stats.raw_partitions import list_raw_months
from app.services.reads.freshness import FRESH_INTERVALS, LATE_AT_LEAST, LATE_INTERVALS
from app.vocabulary import ConnectionHealth, ConnectionKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from app.queries.jobs.fleet import ConnectionCount, SellerFreshness
    from app.services.context import Services

PAGE = 1000
GAUGES = (FRESHNESS, ACCOUNTS, CONNECTIONS, PARTITIONS_AHEAD)
BUDGET_GAUGES = (SCARCE_BUDGETS,)
CLASSES = {True: "SPENDING", False: "IDLE"}


async def measure_fleet(services: Services) -> Sequence[Reading]:
    """Raises what the database says when it is away."""
    sellers = [seller async for seller in _walk(services)]
    async with across_tenants(services.database.system) as driver:
        connections = await count_connections(driver)
    async with work_transaction(services.database.app) as driver:
        months = await list_raw_months(driver)
    ahead = sum(month > clock.now().date() for month in months)
    return [*_freshness(sellers), *_health(connections), Reading(PARTITIONS_AHEAD, (RAW_TABLE,), ahead)]


async def measure_budgets(services: Services) -> Sequence[Reading]:
    """Raises what Redis says when it is away."""
    return [
        Reading(SCARCE_BUDGETS, (provider.value, use_case.value, left), accounts)
        for (provider, use_case, left), accounts in (await services.budgets.scarce.count()).items()
    ]


async def _walk(services: Services) -> AsyncIterator[SellerFreshness]:
    """A connection is held for one page at a time."""
    interval = timedelta(minutes=services.settings.stats_interval_minutes)
    pace = Pace(interval, FRESH_INTERVALS, LATE_INTERVALS, LATE_AT_LEAST)
    now, after = clock.now(), UUID(int=0)
    while True:
        async with across_tenants(services.database.system) as driver:
            page = await list_freshness(driver, after=after, limit=PAGE, now=now, pace=pace)
        for seller in page:
            yield seller
        if not page:
            return
        after = page[-1].seller_id


def _freshness(sellers: Sequence[SellerFreshness]) -> Iterator[Reading]:
    for spends, name in CLASSES.items():
        of_class = [seller for seller in sellers if seller.spends is spends]
        ages = [seller.age for seller in of_class if seller.age is not None]
        if ages:
            yield Reading(FRESHNESS, (name, "WORST"), max(ages))
            yield Reading(FRESHNESS, (name, "MEDIAN"), median(ages))
        yield Reading(ACCOUNTS, (name, "FRESH"), sum(seller.fresh for seller in of_class))
        yield Reading(ACCOUNTS, (name, "LATE"), sum(seller.late for seller in of_class))
        yield Reading(ACCOUNTS, (name, "STALE"), sum(seller.stale for seller in of_class))
        yield Reading(ACCOUNTS, (name, "NEVER_SYNCED"), sum(seller.never_synced for seller in of_class))


def _health(connections: Sequence[ConnectionCount]) -> Iterator[Reading]:
    counted = Counter({(kind, health): number for kind, health, number in connections})
    for kind in ConnectionKind:
        for health in ConnectionHealth:
            yield Reading(CONNECTIONS, (kind.value, health.value), counted[kind, health])
