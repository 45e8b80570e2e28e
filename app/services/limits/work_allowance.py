"""How much work a user may start by mutations, and all users of a seller together, in jobs.

Token buckets limit what is started over time, and SELLER_LIVE_JOBS what has not ended. An operation's own cost says
nothing of the work that it leaves to the workers and the platform, for which everybody shares the workers. What the
schedule and operators start is not limited: the schedule's is bounded by the seller's accounts, since it asks for each
piece of work again only when the last has ended. Neither is what a new token starts, which is bounded likewise: jobs
that wait for the token must not keep it out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from app.errors import ConflictError, RateLimitedError
from app.observability.prometheus import OPERATIONS_REFUSED
from app.queries.jobs.live_jobs import count_live_jobs
from app.services.limits.buckets import Rate, caller_buckets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.configuration.settings import Settings
    from app.database.driver import Driver
    from app.queries.jobs.requests import NewJob
    from app.services.limits.cost_buckets import CostBuckets

__all__ = ["CHANGES_PER_JOB", "WorkAllowance", "jobs_for_changes"]

# How many status changes cost as much as one job: about as many statements, and half of a batch call to the platform.
CHANGES_PER_JOB = 25


class WorkAllowance:
    """One user's, for one seller."""

    def __init__(self, kept_in: CostBuckets, settings: Settings, *, seller_id: UUID, user_id: UUID) -> None:
        self._buckets = user, seller = caller_buckets(
            "work",
            seller_id=seller_id,
            user_id=user_id,
            user=Rate(settings.user_job_capacity, settings.user_jobs_per_minute),
            seller=Rate(settings.seller_job_capacity, settings.seller_jobs_per_minute),
        )
        self._kept_in = kept_in
        self._seller_id = seller_id
        self._most_live = settings.seller_live_jobs
        self._most = min(user.capacity, seller.capacity)

    async def admit(self, driver: Driver, jobs: Sequence[NewJob]) -> None:
        """Pay for jobs, in the transaction that is about to make them.

        Raises RateLimitedError, and ConflictError if too many jobs of the seller would be live.
        """
        await self.take(len(jobs))
        live, new = await count_live_jobs(driver, jobs, seller_id=self._seller_id)
        if new and live + new > self._most_live:
            OPERATIONS_REFUSED.labels("WORK").inc()
            self.give_back(len(jobs), made=0)
            raise ConflictError(
                f"{live} jobs of the seller have not ended, and this would make {new} more; at most "
                f"{self._most_live} may be live (SELLER_LIVE_JOBS). Ask again when some have ended, ask for less, or "
                "cancel a run with cancelSync."
            )

    async def take(self, jobs: int) -> None:
        """Pay for jobs before they are made. Raises RateLimitedError, which says when there is enough.

        More jobs than the buckets hold take all that they hold: a history of years may be asked for once in a while.
        """
        charge = await self._kept_in.charge(self._buckets, self._price(jobs))
        if charge.refused is not None:
            raise _refused(charge.wait)

    def require(self, jobs: int) -> None:
        """Raise RateLimitedError if, as far as this process knows, these jobs can't be paid for.

        For what takes long to prepare: it would hold up others each time it is asked for in vain.
        """
        price = self._price(jobs)
        waits = [(price - self._kept_in.estimate(each)) / each.per_second for each in self._buckets]
        if max(waits) > 0:
            raise _refused(max(waits))

    def give_back(self, jobs: int, *, made: int) -> None:
        """Refund the jobs that were paid for and not made.

        One is kept in any case: a run is recorded, or what was asked for was counted in vain.
        """
        self._kept_in.settle(self._buckets, self._price(jobs) - self._price(made))

    def _price(self, jobs: int) -> int:
        return max(1, min(jobs, self._most))


def _refused(wait: float) -> RateLimitedError:
    OPERATIONS_REFUSED.labels("WORK").inc()
    return RateLimitedError("Too much work was asked for; ask again later.", retry_after=wait)


def jobs_for_changes(entities: int) -> int:
    """The price, in jobs, of changing the status of this number of entities."""
    return math.ceil(entities / CHANGES_PER_JOB)
