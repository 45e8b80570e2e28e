"""What becomes of a job that failed: by the class of the failure, not by where it happened.

| class | then |
|---|---|
| THROTTLED | parked until the time that the platform named; not a try |
| TRANSIENT | tried again after 2 s, then 4 s, with jitter; not a try where the database or Redis was away or full |
| TOKEN, PERMISSION | failed; the connection is unhealthy until somebody changes it |
| REFUSED | failed |
| INTERNAL | ours: tried once more after 5 s |

A job for which there is no room to wait for its platform is tried again after 5 minutes, and that was not a try.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from app import clock
from app.database.driver_errors import PASSING
from app.database.outage import is_outage
from app.errors import (
    DatabaseBusyError,
    PermissionDeniedError,
    PixecomError,
    ProviderPermanentError,
    ProviderThrottledError,
    ProviderTransientError,
    TokenRejectedError,
    TooMuchDataError,
    WaitingRoomFullError,
)
from app.observability.shortening import presentable
from app.vocabulary import ConnectionTrouble

if TYPE_CHECKING:
    from app.queries.jobs.claims import ClaimedJob

BASE_DELAY_SECONDS = 2.0
INTERNAL_DELAY_SECONDS = 5.0
INTERNAL_MAX_TRIES = 2
JITTER = 0.25
# A job whose statement takes the database down with it must leave it time to come back, longer every time.
MAX_OUTAGE_DELAY_SECONDS = 300.0
# How long a job that waits for a platform leaves the room for that to others. To begin anew costs calls.
ROOM_DELAY_SECONDS = 300.0
# A time that has passed while we looked at it is still a reason to let go for a moment.
SHORTEST_PAUSE = timedelta(seconds=1)

_TRANSIENT = (
    ProviderTransientError,
    TooMuchDataError,
    DatabaseBusyError,
    WaitingRoomFullError,
    *PASSING,
)


class FailureClass(StrEnum):
    THROTTLED = "THROTTLED"
    TRANSIENT = "TRANSIENT"
    TOKEN = "TOKEN"  # noqa: S105  # a class of failure, not a token
    PERMISSION = "PERMISSION"
    REFUSED = "REFUSED"
    INTERNAL = "INTERNAL"


_TROUBLES = {
    FailureClass.TOKEN: ConnectionTrouble.TOKEN,
    FailureClass.PERMISSION: ConnectionTrouble.PERMISSION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do. `wait` None: the job has failed for good. `throttle`: the platform wants no call for so long."""

    failure: FailureClass
    reason: str
    wait: timedelta | None
    throttle: ProviderThrottledError | None = None
    counts_as_try: bool = True

    @property
    def trouble(self) -> ConnectionTrouble | None:
        """Why the platform refuses the connection as such; None where it does not."""
        return _TROUBLES.get(self.failure)


def judge(error: BaseException, job: ClaimedJob) -> Verdict:
    """What becomes of this job after this error. The reason holds no secret and fits into a row."""
    failure = classify(error)
    reason = _reason(error)
    if isinstance(error, ProviderThrottledError):
        wait = max(error.retry_at - clock.now(), SHORTEST_PAUSE)
        return Verdict(failure=failure, reason=reason, wait=wait, throttle=error, counts_as_try=False)
    if _is_away(error):
        delay = min(BASE_DELAY_SECONDS * job.attempt, MAX_OUTAGE_DELAY_SECONDS)
        return Verdict(failure=failure, reason=reason, wait=_jittered(delay), counts_as_try=False)
    if isinstance(error, WaitingRoomFullError):
        return Verdict(failure=failure, reason=reason, wait=_jittered(ROOM_DELAY_SECONDS), counts_as_try=False)
    return Verdict(failure=failure, reason=reason, wait=_wait(failure, job))


def classify(error: BaseException) -> FailureClass:
    """The class of a failure."""
    match error:
        case ProviderThrottledError():
            return FailureClass.THROTTLED
        case TokenRejectedError():
            return FailureClass.TOKEN
        case PermissionDeniedError():
            return FailureClass.PERMISSION
        case ProviderPermanentError():
            return FailureClass.REFUSED
        case _ if isinstance(error, _TRANSIENT) or _is_away(error):
            return FailureClass.TRANSIENT
        case _:
            return FailureClass.INTERNAL


def _is_away(error: BaseException) -> bool:
    """Whether a server of ours does not answer or is full, which affects all jobs and is no fault of this one."""
    return is_outage(error) or isinstance(error, RedisError)


def _wait(failure: FailureClass, job: ClaimedJob) -> timedelta | None:
    tries = job.tries + 1
    if failure is FailureClass.TRANSIENT and tries < job.max_tries:
        delay = BASE_DELAY_SECONDS * 2 ** (tries - 1)
    elif failure is FailureClass.INTERNAL and tries < min(job.max_tries, INTERNAL_MAX_TRIES):
        delay = INTERNAL_DELAY_SECONDS
    else:
        return None
    return _jittered(delay)


def _jittered(seconds: float) -> timedelta:
    return timedelta(seconds=seconds * (1 + random.random() * JITTER))  # noqa: S311  # jitter


def _reason(error: BaseException) -> str:
    text = str(error) if isinstance(error, PixecomError) else f"{type(error).__name__}: {error}"
    return presentable(text)
