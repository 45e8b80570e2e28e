"""A thousand jobs of one kind: the newest stay one by one, the others as totals, and none is counted twice or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.services.schedule.tick_taking import start_scheduled_job
from tests.chaos.handlers import NAP
from tests.chaos.processes import until
from tests.chaos.work import check_all_is_well, has_ended, report, tell
from tests.services.shop import add_seller
from tests.services.ticking import forget_work
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from app.services.context import Services
    from tests.chaos.processes import Processes

pytestmark = pytest.mark.chaos

# Every fourth failed; the newest is the last.
FILL = """
WITH made AS (
  SELECT place, uuidv7() AS run_id, uuidv7() AS job_id
  FROM generate_series(1, 1000) AS place
),
runs AS (
  INSERT INTO sync_runs (id, seller_id, origin, state, reason, created_at, jobs_live, cancel_requested)
  SELECT run_id, $1, 'SCHEDULE', 'SUCCEEDED', 'a test', now(), 0, false
  FROM made
),
done AS (
  INSERT INTO jobs (id, seller_id, kind, key, coalesces, pause_scopes, unit, state, priority, attempt, tries, max_tries,
                    losses, cancel_requested, rows_written, run_at, created_at, started_at, ended_at, error_reason)
  SELECT job_id, $1, $2, 'nap-' || place, false, '{}', '{}', CASE WHEN place % 4 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
         2, 1, 1, 3, 0, false, place, now(), now(), ended_at - interval '1 second', ended_at,
         CASE WHEN place % 4 = 0 THEN 'reason ' || place END
  FROM made, LATERAL (SELECT now() - (1000 - place) * interval '1 minute' AS ended_at) AS at
)
INSERT INTO sync_run_jobs (run_id, job_id, seller_id)
SELECT run_id, job_id, $1
FROM made
"""
KEPT = """
SELECT state, count(*), min(rows_written), max(rows_written), count(error_reason)
FROM jobs
WHERE kind = $1
GROUP BY state
ORDER BY state
"""
TOTALS = "SELECT state, jobs, rows_written, milliseconds FROM job_totals WHERE kind = $1 ORDER BY state"


async def test_of_a_thousand_jobs_the_newest_are_kept_and_the_rest_are_totals(
    services: Services, processes: Processes
) -> None:
    seller_id = await add_seller(services)
    await forget_work(services)
    await tell(services, FILL, seller_id, NAP)
    processes.start("scheduler")
    doomed = processes.start("worker")
    await until(doomed.is_ready)
    run_id = await start_scheduled_job(services, "compaction")

    async def has_begun() -> bool:
        query = "SELECT state FROM jobs WHERE kind = 'compaction'"
        return [row[0] for row in await fetch_work(services, query)] != ["QUEUED"]

    await until(has_begun, every=0.001)
    doomed.kill()
    processes.start("worker")
    await until(lambda: has_ended(services, run_id))
    kept = [tuple(row) for row in await fetch_work(services, KEPT, NAP)]
    # Each fourth of the last 200, and all others of the last 134.
    assert kept == [("FAILED", 50, 804, 1000, 50), ("SUCCEEDED", 100, 867, 999, 0)]
    failed = [place for place in range(1, 1001) if place % 4 == 0][:-50]
    succeeded = [place for place in range(1, 1001) if place % 4][:-100]
    totals = [tuple(row) for row in await fetch_work(services, TOTALS, NAP)]
    assert totals == [
        (state, len(places), sum(places), 1000 * len(places))
        for state, places in (("FAILED", failed), ("SUCCEEDED", succeeded))
    ]
    ours = "SELECT count(*) FROM jobs WHERE kind = 'compaction' AND state = 'SUCCEEDED' AND attempt <= 2"
    assert (await fetch_work(services, ours))[0][0] == 1
    report("kept", kept=kept, totals=totals)
    await check_all_is_well(services, seller_id)
