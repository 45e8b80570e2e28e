"""Statistics as syncs leave them, put there by hand: daily rows and the fetch log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import tenant_transaction
from app.metrics.counters import Counters
from app.metrics.levels import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime
    from uuid import UUID

    from app.services.context import Services

_STORE = f"""
INSERT INTO ad_stats_daily (seller_id, level, stat_date, entity_id, account_id, {", ".join(Counters._fields)},
                            fetched_at)
VALUES ($1, $2, $3, $4, $5, {", ".join(f"${place}" for place in range(6, 14))}, now())
ON CONFLICT (seller_id, level, stat_date, entity_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in Counters._fields)}
"""

_LOG = """
INSERT INTO stats_fetches (seller_id, account_id, level, stat_date, first_fetched_at, fetched_at)
VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT (seller_id, account_id, level, stat_date) DO UPDATE
SET fetched_at = excluded.fetched_at
"""


async def store(
    services: Services, seller_id: UUID, account_id: UUID, level: Level, day: date, rows: Mapping[UUID, Counters]
) -> None:
    """Daily rows of one account."""
    async with tenant_transaction(services.database.app, seller_id) as driver:
        for entity_id, counters in rows.items():
            await driver.execute(_STORE, seller_id, level, day, entity_id, account_id, *counters)


async def log_fetches(
    services: Services,
    seller_id: UUID,
    account_id: UUID,
    days: Iterable[date],
    *,
    at: datetime,
    levels: Iterable[Level] = tuple(Level),
) -> None:
    """That these days of an account were fetched then."""
    async with tenant_transaction(services.database.app, seller_id) as driver:
        for day in days:
            for level in levels:
                await driver.execute(_LOG, seller_id, account_id, level, day, at)
