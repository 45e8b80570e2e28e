"""Ranking a seller's day at every level: provisionally in the morning after it, finally when all accounts closed it.

A day takes up to 57 kB, so leaderboards are kept as long as snapshots are (RAW_RETENTION_DAYS): at most 23 MB a seller.
The daily rows that they were made from stay.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import act_for_tenant, work_transaction
from app.metrics.levels import Level
from app.observability.prometheus import ROWS_WRITTEN
from app.queries.days.closed_days import is_day_closed
from app.queries.days.leaderboards import BoardsOfDay, find_oldest_board, forget_leaderboards, write_leaderboards
from app.queries.days.seller_totals import lock_totals

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.services.context import Services
    from app.services.jobs.lease import Lease

# Days that are deleted in one transaction.
DAYS_AT_ONCE = timedelta(days=31)
RANKED_LEVELS = (Level.CAMPAIGN, Level.ADSET, Level.AD)


async def rank_day(driver: Driver, services: Services, *, seller_id: UUID, day: date) -> int:
    """Write the day's leaderboards in the caller's transaction; answers how many changed.

    They are final where every account that has the day has closed it. A day past its age has none. The caller holds the
    lock of the seller's totals.
    """
    if day < first_ranked_day(services):
        return 0
    is_final = await is_day_closed(driver, seller_id, day)
    changed = 0
    for level in RANKED_LEVELS:
        boards = BoardsOfDay(stat_date=day, level=level, size=services.settings.leaderboard_size, is_final=is_final)
        changed += await write_leaderboards(driver, seller_id, boards, now=clock.now())
    ROWS_WRITTEN.labels("leaderboards").inc(changed)
    return changed


def first_ranked_day(services: Services) -> date:
    """The oldest day that is within its age in any zone: west of UTC it may be the day before."""
    return clock.now().date() - timedelta(days=services.settings.raw_retention_days + 1)


async def forget_old_boards(services: Services, lease: Lease, *, seller_id: UUID) -> int:
    """Remove the leaderboards of the seller's days past their age; answers how many. Raises LeaseLostError."""
    kept_from = first_ranked_day(services)
    async with work_transaction(services.database.app) as driver:
        await act_for_tenant(driver, seller_id)
        oldest = await find_oldest_board(driver, seller_id)
    forgotten = 0
    while oldest is not None and oldest < kept_from:
        async with work_transaction(services.database.app) as driver:
            await lease.fence(driver)
            await act_for_tenant(driver, seller_id)
            await lock_totals(driver, seller_id)
            forgotten += await forget_leaderboards(driver, seller_id, before=min(oldest + DAYS_AT_ONCE, kept_from))
            oldest = await find_oldest_board(driver, seller_id)
    return forgotten
