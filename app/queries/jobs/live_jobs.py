"""How many jobs of a seller have not ended, and how many more a request would make."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.queries.jobs.requests import HOLDS_KEY, LIVE, TAKE_TURN, turn_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.requests import NewJob


class LiveJobs(NamedTuple):
    """`live`: a seller's jobs that have not ended. `new`: those of a request that are none of them."""

    live: int
    new: int


_COUNT_LIVE = f"""
SELECT count(*)
FROM jobs
WHERE seller_id = $1
  AND state IN {LIVE}
"""

_COUNT_KNOWN = f"""
SELECT count(*)
FROM jobs
WHERE seller_id = $1
  AND key = ANY($2::text[])
  AND {HOLDS_KEY}
"""


async def count_live_jobs(driver: Driver, jobs: Sequence[NewJob], *, seller_id: UUID) -> LiveJobs:
    """The counts hold until the caller's transaction ends, but for what the schedule makes and what ends meanwhile.

    Requests of one seller take turns from here on, as they do when they are inserted.
    """
    await driver.execute(TAKE_TURN, turn_of(seller_id))
    live = await driver.fetchval(_COUNT_LIVE, seller_id)
    known = await driver.fetchval(_COUNT_KNOWN, seller_id, [job.key for job in jobs])
    return LiveJobs(live, len(jobs) - known)
