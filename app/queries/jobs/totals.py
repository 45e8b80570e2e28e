"""How much background work there is, over all tenants: for progress lines and health."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver
    from app.vocabulary import RunOrigin


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
WHERE id IN (
  SELECT of_run.job_id
  FROM sync_run_jobs AS of_run
  JOIN sync_runs ON sync_runs.id = of_run.run_id
  WHERE ($1::uuid IS NULL OR sync_runs.id = $1)
    AND ($2::text[] IS NULL OR sync_runs.origin = ANY($2))
)
"""


async def count_jobs(
    driver: Driver,
    *,
    run_id: UUID | None = None,
    origins: Sequence[RunOrigin] | None = None,
) -> WorkTotals:
    """All jobs of runs; `run_id`: of that one; `origins`: of those asked for in one of these ways."""
    row = await driver.fetchrow(_COUNT, run_id, None if origins is None else list(origins))
    return WorkTotals(*row) if row else WorkTotals(0, 0, 0)
