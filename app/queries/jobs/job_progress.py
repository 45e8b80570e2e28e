"""How far a job has come, for people to see; and how far it was, at most, when a worker was lost with it.

A job that gets further than that has outlived what it was lost by, and its losses count no more: workers that are lost
weeks apart are no reason to give up long work that goes on. One that only begins again from the start has not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob

# Beside the progress, in the same unit.
LOST_AT = "lost_at"
LOST_AT_MOST = f"greatest((progress->>'{LOST_AT}')::numeric, (progress->>'done')::numeric, 0)"


def further(done: str) -> str:
    """The condition that a job whose progress is now so much has outlived its losses."""
    return f"losses > 0 AND ({done})::numeric > (progress->>'{LOST_AT}')::numeric"


_FURTHER = further("$3::text::jsonb->>'done'")

_SAVE_PROGRESS = f"""
UPDATE jobs
SET progress = CASE
      WHEN losses = 0 OR {_FURTHER} THEN $3::text::jsonb
      ELSE $3::text::jsonb || jsonb_build_object('{LOST_AT}', progress->'{LOST_AT}')
    END,
    losses = CASE WHEN {_FURTHER} THEN 0 ELSE losses END,
    rows_written = $4
WHERE id = $1
  AND attempt = $2
  AND state = 'RUNNING'
"""


async def save_progress(driver: Driver, job: ClaimedJob, *, progress: Mapping[str, object], rows_written: int) -> None:
    """How far the job has come; further than when workers were lost with it, those losses count no more."""
    await driver.execute(_SAVE_PROGRESS, job.id, job.attempt, orjson.dumps(progress).decode(), rows_written)
