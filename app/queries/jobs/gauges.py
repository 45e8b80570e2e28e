"""What an operator counts of the job core: jobs that have not ended, and pauses that hold calls back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.errors import ThrottleScope
from app.queries.jobs.requests import WAITING
from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.database.driver import Driver


class LiveJobs(NamedTuple):
    """How many jobs of a kind are in a state."""

    state: JobState
    kind: str
    jobs: int


# In parts, so that each is counted from its own index and never from the jobs that have ended.
_COUNT_LIVE = f"""
SELECT state, kind, count(*) AS jobs
FROM jobs
WHERE state IN {WAITING}
GROUP BY state, kind
UNION ALL
SELECT state, kind, count(*)
FROM jobs
WHERE state = 'RUNNING'
GROUP BY state, kind
UNION ALL
SELECT state, kind, count(*)
FROM jobs
WHERE state = 'BLOCKED'
GROUP BY state, kind
"""

# As `app.services.platform.throttle_scopes` names scopes: the app, a connection, a connection's use case.
_COUNT_PAUSES = f"""
SELECT CASE length(scope) - length(replace(scope, '/', ''))
         WHEN 0 THEN '{ThrottleScope.APP}'
         WHEN 1 THEN '{ThrottleScope.ACCOUNT}'
         ELSE '{ThrottleScope.USE_CASE}'
       END AS reach,
       count(*) AS pauses
FROM call_pauses
WHERE paused_until > now()
GROUP BY reach
"""


async def count_live_jobs(driver: Driver) -> Sequence[LiveJobs]:
    """Jobs that have not ended; what there is none of is left out."""
    return [LiveJobs(JobState(row["state"]), row["kind"], row["jobs"]) for row in await driver.fetch(_COUNT_LIVE)]


async def count_pauses(driver: Driver) -> dict[ThrottleScope, int]:
    """By reach: how many pauses are on."""
    return {ThrottleScope(row["reach"]): row["pauses"] for row in await driver.fetch(_COUNT_PAUSES)}
