"""Keeping the months of raw snapshots: partitions stand well ahead, and those past their age are dropped.

Leaderboards of days past that age are deleted too, seller by seller, login events past LOGIN_EVENTS_DAYS, and warnings
of syncs that nothing has seen for a while.

Each month is a transaction of its own, so that what is done stays done where a reader keeps one locked; that job is
tried again.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app import clock
from app.database.partitions import MONTHS_AHEAD, month_start, months_between
from app.database.transactions import across_tenants, work_transaction
from app.observability.logging import get_logger
from app.queries.across_tenants import list_seller_page
from app.queries.logins.trail import forget_login_events
from app.queries.stats.raw_partitions import create_raw_partition, drop_raw_partition, list_raw_months
from app.queries.warnings.recording import forget_warnings
from app.services.days.leaderboards import forget_old_boards

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

log = get_logger(__name__)

SELLERS_A_PAGE = 500
LOGINS_AT_ONCE = 5000
WARNINGS_AT_ONCE = 5000
# After a day's last restatement nothing looks at it again, and a warning about it says nothing new.
WARNINGS_KEPT = timedelta(days=35)


async def run_retention_job(services: Services, _job: ClaimedJob, lease: Lease) -> int:
    """The handler of retention jobs. Answers how many leaderboards went."""
    today = clock.now().date()
    async with work_transaction(services.database.app) as driver:
        standing = await list_raw_months(driver)
    ahead = months_between(today, month_start(today, offset=MONTHS_AHEAD))
    for month in (month for month in ahead if month not in set(standing)):
        async with work_transaction(services.database.app) as driver:
            await lease.fence(driver)
            await create_raw_partition(driver, month)
        log.info("partition created", month=f"{month:%Y-%m}")
    for month in past_months(standing, today=today, kept_days=services.settings.raw_retention_days):
        async with work_transaction(services.database.app) as driver:
            await lease.fence(driver)
            await drop_raw_partition(driver, month)
        log.info("old snapshots deleted", month=f"{month:%Y-%m}")
    await _forget_logins(services, lease)
    await _forget_warnings(services, lease)
    boards = 0
    async for seller_id in _sellers(services):
        boards += await forget_old_boards(services, lease, seller_id=seller_id)
    if boards:
        log.info("old leaderboards deleted", leaderboards=boards)
    return boards


async def _forget_logins(services: Services, lease: Lease) -> None:
    """Delete in batches, so that no transaction is long."""
    forgotten, gone = 0, LOGINS_AT_ONCE
    while gone == LOGINS_AT_ONCE:
        async with work_transaction(services.database.app) as driver:
            await lease.fence(driver)
            gone = await forget_login_events(
                driver, kept_days=services.settings.login_events_days, at_most=LOGINS_AT_ONCE
            )
        forgotten += gone
    if forgotten:
        log.info("old login events were deleted", logins=forgotten)


async def _forget_warnings(services: Services, lease: Lease) -> None:
    """Delete in batches as well."""
    gone = WARNINGS_AT_ONCE
    while gone == WARNINGS_AT_ONCE:
        async with work_transaction(services.database.app) as driver:
            await lease.fence(driver)
            gone = await forget_warnings(driver, unseen_for=WARNINGS_KEPT, limit=WARNINGS_AT_ONCE)


async def _sellers(services: Services) -> AsyncIterator[UUID]:
    """All of them, inactive ones too, in pages."""
    last = UUID(int=0)
    while True:
        async with across_tenants(services.database.system) as driver:
            page = await list_seller_page(driver, after=last, limit=SELLERS_A_PAGE)
        for seller in page:
            yield seller.seller_id
        if len(page) < SELLERS_A_PAGE:
            return
        last = page[-1].seller_id


def past_months(months: Sequence[date], *, today: date, kept_days: int) -> list[date]:
    """Those of the months without a kept day in any zone: west of UTC it may be the day before `today`."""
    oldest_kept = today - timedelta(days=kept_days + 1)
    return [month for month in months if month_start(month, offset=1) <= oldest_kept]
