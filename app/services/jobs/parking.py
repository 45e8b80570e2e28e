"""Parking what the platform holds back: until the time it named, and not counted as a try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.errors import ThrottleScope
from app.observability.logging import get_logger
from app.observability.prometheus import THROTTLES
from app.queries.jobs import call_pauses
from app.queries.jobs import claims as job_claims
from app.services.platform.throttle_scopes import scope_name
from app.vocabulary import UseCase

if TYPE_CHECKING:
    from datetime import timedelta

    from app.database.driver import Driver
    from app.errors import ProviderThrottledError
    from app.queries.jobs.claims import ClaimedJob, Failure
    from app.vocabulary import JobState

log = get_logger(__name__)


async def park(
    driver: Driver, job: ClaimedJob, failure: Failure, *, throttle: ProviderThrottledError, wait: timedelta
) -> JobState:
    """Park the job, and with it everything that the throttle reaches. Raises LeaseLostError.

    What waits for the same connection is parked at once, and told of in one line; what a throttle of the whole app
    reaches, when it is claimed.
    """
    THROTTLES.labels(throttle.scope.value).inc()
    if job.connection_id is None or throttle.scope is ThrottleScope.JOB:
        return await job_claims.park_job(driver, job, failure, wait=wait)
    use_case = throttle.use_case or (UseCase(job.use_case) if job.use_case else None)
    reach = throttle.scope if use_case or throttle.scope is ThrottleScope.APP else ThrottleScope.ACCOUNT
    app = next(iter(job.pause_scopes), "")
    scope = scope_name(reach, job.connection_id, use_case or UseCase.ADS_MANAGEMENT, app=app)
    pause = call_pauses.Pause(
        scope=scope,
        seller_id=None if reach is ThrottleScope.APP else job.seller_id,
        wait=wait,
        reason=failure.reason,
        error_code=throttle.code,
    )
    await call_pauses.lock_held_back(driver, pause, job_id=job.id, connection_id=job.connection_id)
    state = await job_claims.park_job(driver, job, failure, wait=wait)
    await call_pauses.note_pause(driver, pause)
    parked = await call_pauses.park_held_back(driver, pause, connection_id=job.connection_id)
    until = (clock.now() + wait).isoformat(timespec="seconds")
    log.warning("the platform throttles work", scope=scope, parked=parked, until=until, reason=failure.reason)
    return state
