"""How often an account's stats are synced: as scheduled, or stretched where its call budget can't carry that.

The stretch doubles, up to eight times the interval, when a round of the default window is throttled (once a round,
whatever number of its jobs were), and is halved again when four such rounds' time has passed without a throttle. The
schedule reads it; the jobs that are throttled are parked by the job core and lose nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import ProviderThrottledError, ThrottleScope
from app.job_kinds import JobKind
from app.observability.logging import get_logger
from app.queries.connections.sync_pace import note_good_round, note_throttled_round

if TYPE_CHECKING:
    from app.queries.connections.connections import Connection
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease
    from app.services.jobs.new_jobs import StatsUnit

log = get_logger(__name__)


def is_default_window(services: Services, connection: Connection, job: ClaimedJob, unit: StatsUnit) -> bool:
    """The job is of a round that the schedule asks for again and again: a stats job that reaches to today."""
    first = unit.to_date - timedelta(days=services.settings.stats_window_days - 1)
    return (
        job.kind == JobKind.STATS and unit.from_date <= first and unit.to_date == clock.today_in(connection.time_zone)
    )


async def note_throttle(
    services: Services, connection: Connection, lease: Lease, error: ProviderThrottledError
) -> None:
    """Come less often, unless it is the whole app that is throttled: that is not this account's doing."""
    if error.scope is ThrottleScope.APP:
        return
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        await lease.fence(driver)
        stretch = await note_throttled_round(driver, connection, now=clock.now(), interval=_interval(services))
    if stretch is not None:
        log.warning("the account's call budget is too small for its stats schedule", stretch=stretch)


async def note_round(services: Services, connection: Connection, lease: Lease) -> None:
    """A round of the default window has ended well."""
    async with tenant_transaction(services.database.app, connection.seller_id) as driver:
        await lease.fence(driver)
        await note_good_round(driver, connection, now=clock.now(), interval=_interval(services))


def _interval(services: Services) -> timedelta:
    return timedelta(minutes=services.settings.stats_interval_minutes)
