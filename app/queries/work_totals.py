"""How much background work there is, over all tenants: for progress lines and health."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver


class WorkTotals(NamedTuple):
    """Jobs by what became of them."""

    live: int
    succeeded: int
    failed: int

    @property
    def total(self) -> int:
        return self.live + self.succeeded + self.failed


_COUNT = """
SELECT count(*) FILTER (WHERE state IN ('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')) AS live,
       count(*) FILTER (WHERE state = 'SUCCEEDED') AS succeeded,
       count(*) FILTER (WHERE state IN ('FAILED', 'CANCELLED')) AS failed
FROM jobs
WHERE $1::uuid IS NULL
   OR id IN (SELECT job_id FROM sync_run_jobs WHERE run_id = $1)
"""


async def count_jobs(driver: Driver, *, run_id: UUID | None = None) -> WorkTotals:
    """All jobs, or those of one run."""
    row = await driver.fetchrow(_COUNT, run_id)
    return WorkTotals(*row) if row else WorkTotals(0, 0, 0)
