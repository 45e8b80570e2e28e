from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.services.jobs import compaction
from app.services.schedule.tick_taking import start_scheduled_job
from tests.services.shop import add_seller
from tests.services.ticking import do_all
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    import pytest

    from app.services.context import Services

# A run with one job each, the newest last: the n-th ran for n milliseconds and wrote n rows.
_FILL = """
WITH made AS (
  SELECT place, uuidv7() AS run_id, uuidv7() AS job_id
  FROM generate_series(1, $4::int) AS place
),
runs AS (
  INSERT INTO sync_runs (id, seller_id, origin, state, reason, created_at, jobs_live, cancel_requested)
  SELECT run_id, $1, 'SCHEDULE', CASE WHEN place <= $5 THEN 'RUNNING' ELSE 'SUCCEEDED' END, 'test', now(), 0, false
  FROM made
  ORDER BY place
),
done AS (
  INSERT INTO jobs (id, seller_id, kind, key, coalesces, pause_scopes, unit, state, priority, attempt, tries, max_tries,
                    losses, cancel_requested, rows_written, run_at, created_at, started_at, ended_at)
  SELECT job_id, $1, $2, 'key', false, '{}', '{}', $3, 2, 1, 1, 3, 0, false, place, now(), now(),
         ended_at - place * interval '1 millisecond', ended_at
  FROM made, LATERAL (SELECT '2026-09-01 00:00+00'::timestamptz + place * interval '1 minute' AS ended_at) AS at
)
INSERT INTO sync_run_jobs (run_id, job_id, seller_id)
SELECT run_id, job_id, $1
FROM made
"""
_LEFT = """
SELECT kind, state, count(*), min(rows_written), max(rows_written)
FROM jobs
WHERE seller_id IS NOT DISTINCT FROM $1 AND kind <> 'compaction'
GROUP BY kind, state
ORDER BY kind, state
"""
_TOTALS = """
SELECT kind, state, seller_id, jobs, rows_written, milliseconds,
       extract(epoch FROM oldest_ended_at - '2026-09-01 00:00+00')::int / 60,
       extract(epoch FROM newest_ended_at - '2026-09-01 00:00+00')::int / 60
FROM job_totals
WHERE owner_id = coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY kind, state
"""


async def fill(
    services: Services, seller_id: UUID | None, kind: str, state: str, count: int, *, of_live_runs: int = 0
) -> None:
    """Ended jobs, the oldest of them of runs that go on."""
    async with work_transaction(services.database.app) as driver:
        await driver.execute(_FILL, seller_id, kind, state, count, of_live_runs)


async def compact(services: Services) -> int:
    """How many rows went."""
    await start_scheduled_job(services, "compaction")
    await do_all(services, "compaction")
    query = "SELECT state, rows_written FROM jobs WHERE kind = 'compaction' ORDER BY id DESC LIMIT 1"
    ((state, rows),) = await fetch_work(services, query)
    assert state == "SUCCEEDED"
    return rows


async def left(services: Services, seller_id: UUID | None) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await fetch_work(services, _LEFT, seller_id)]


async def totals(services: Services, seller_id: UUID | None) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await fetch_work(services, _TOTALS, seller_id)]


async def runs(services: Services, seller_id: UUID | None) -> int:
    query = "SELECT count(*) FROM sync_runs WHERE seller_id IS NOT DISTINCT FROM $1 AND reason = 'test'"
    return (await fetch_work(services, query, seller_id))[0][0]


def up_to(count: int) -> int:
    """1 + 2 + … + count."""
    return count * (count + 1) // 2


async def test_of_a_thousand_jobs_150_stay_and_the_rest_are_totals(services: Services) -> None:
    seller_id = await add_seller(services)
    await fill(services, seller_id, "stats", "SUCCEEDED", 700)
    await fill(services, seller_id, "stats", "FAILED", 300)
    assert await compact(services) == 850 + 800  # 100 runs have a job that stays, and 100 are the newest
    assert await left(services, seller_id) == [
        ("stats", "FAILED", 50, 251, 300),
        ("stats", "SUCCEEDED", 100, 601, 700),
    ]
    kept_as_totals = [
        ("stats", "FAILED", seller_id, 250, up_to(250), up_to(250), 1, 250),
        ("stats", "SUCCEEDED", seller_id, 600, up_to(600), up_to(600), 1, 600),
    ]
    assert await totals(services, seller_id) == kept_as_totals
    assert await runs(services, seller_id) == 200
    assert await compact(services) == 0
    assert await totals(services, seller_id) == kept_as_totals
    await fill(services, seller_id, "stats", "SUCCEEDED", 10)  # which ended before all that stay
    assert await compact(services) == 10 + 10
    assert (await totals(services, seller_id))[1][3] == 610


async def test_what_was_cancelled_lately_can_still_be_gone_on_with(services: Services) -> None:
    seller_id = await add_seller(services)
    await fill(services, seller_id, "stats", "CANCELLED", 150)
    await fetch_work(services, "UPDATE jobs SET ended_at = now() WHERE state = 'CANCELLED' RETURNING id")
    await compact(services)
    assert [row[:3] for row in await left(services, seller_id)] == [("stats", "CANCELLED", 150)]


async def test_what_succeeded_and_what_was_cancelled_share_their_places(services: Services) -> None:
    seller_id = await add_seller(services)
    await fill(services, seller_id, "stats", "CANCELLED", 80)
    await fill(services, seller_id, "stats", "SUCCEEDED", 90)
    await compact(services)
    found = {row[1]: row[2:] for row in await left(services, seller_id)}
    assert found == {"CANCELLED": (45, 36, 80), "SUCCEEDED": (55, 36, 90)}
    assert [(row[1], row[3]) for row in await totals(services, seller_id)] == [("CANCELLED", 35), ("SUCCEEDED", 35)]


async def test_kinds_and_sellers_are_apart_and_nobodys_work_is_compacted_too(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "GROUPS_A_PAGE", 2)
    monkeypatch.setattr(compaction, "ROWS_AT_ONCE", 7)
    few = services.settings.model_copy(update={"jobs_kept_completed": 5, "jobs_kept_failed": 2})
    sellers = [await add_seller(services, slug) for slug in ("one", "two", "three")]
    for seller_id in (*sellers, None):
        for kind in ("delivery", "stats"):
            await fill(services, seller_id, kind, "SUCCEEDED", 20)
    await fill(services, sellers[0], "structure", "FAILED", 2)
    await compact(replace(services, settings=few))
    for seller_id in (*sellers, None):
        kept = [(kind, "SUCCEEDED", 5, 16, 20) for kind in ("delivery", "stats")]
        extra = [("structure", "FAILED", 2, 1, 2)] if seller_id == sellers[0] else []
        assert await left(services, seller_id) == [*kept, *extra]
        assert await totals(services, seller_id) == [
            (kind, "SUCCEEDED", seller_id, 15, up_to(15), up_to(15), 1, 15) for kind in ("delivery", "stats")
        ]


async def test_jobs_of_runs_that_go_on_and_live_jobs_stay(services: Services) -> None:
    seller_id = await add_seller(services)
    await fill(services, seller_id, "stats", "SUCCEEDED", 130, of_live_runs=10)
    await fill_live(services, seller_id)
    await compact(services)
    assert await left(services, seller_id) == [("stats", "QUEUED", 1, 0, 0), ("stats", "SUCCEEDED", 110, 1, 130)]
    assert [row[3:6] for row in await totals(services, seller_id)] == [
        (20, up_to(30) - up_to(10), up_to(30) - up_to(10))
    ]
    await fetch_work(services, "UPDATE sync_runs SET state = 'SUCCEEDED' WHERE state = 'RUNNING' RETURNING id")
    await compact(services)
    assert await left(services, seller_id) == [("stats", "QUEUED", 1, 0, 0), ("stats", "SUCCEEDED", 100, 31, 130)]


async def fill_live(services: Services, seller_id: UUID) -> None:
    await fill(services, seller_id, "stats", "QUEUED", 1)
    query = "UPDATE jobs SET ended_at = NULL, rows_written = 0 WHERE state = 'QUEUED' RETURNING id"
    await fetch_work(services, query)


async def test_a_run_stays_while_it_has_a_job_and_among_the_newest_of_its_origin(services: Services) -> None:
    seller_id = await add_seller(services)
    await fill(services, seller_id, "stats", "SUCCEEDED", 300)
    # Half of the oldest share one more job with a run that is kept: that job is among the newest.
    shared = """
    INSERT INTO sync_run_jobs (run_id, job_id, seller_id)
    SELECT runs.id, (SELECT id FROM jobs ORDER BY ended_at DESC LIMIT 1), $1
    FROM (SELECT id FROM sync_runs WHERE seller_id = $1 ORDER BY id LIMIT 50) AS runs
    RETURNING run_id
    """
    await fetch_work(services, shared, seller_id)
    manual = (
        "UPDATE sync_runs SET origin = 'MANUAL' WHERE id IN (SELECT id FROM sync_runs ORDER BY id OFFSET 50 LIMIT 60)"
    )
    await fetch_work(services, f"{manual} RETURNING id")
    await compact(services)
    query = "SELECT origin, count(*) FROM sync_runs WHERE seller_id = $1 GROUP BY origin"
    assert {row[0]: row[1] for row in await fetch_work(services, query, seller_id)} == {"MANUAL": 60, "SCHEDULE": 150}


async def test_a_run_that_went_on_with_another_stays_as_long_as_that_one(services: Services) -> None:
    seller_id = await add_seller(services)
    await fill(services, seller_id, "stats", "SUCCEEDED", 210)
    query = "SELECT id FROM sync_runs WHERE seller_id = $1 ORDER BY id LIMIT 4"
    kept, again, gone, gone_too = [row[0] for row in await fetch_work(services, query, seller_id)]
    shared = """
    INSERT INTO sync_run_jobs (run_id, job_id, seller_id)
    VALUES ($2, (SELECT id FROM jobs ORDER BY ended_at DESC LIMIT 1), $1)
    RETURNING run_id
    """
    await fetch_work(services, shared, seller_id, kept)
    for run_id, before in ((again, kept), (gone_too, gone)):
        statement = "UPDATE sync_runs SET retry_of = $2 WHERE id = $1 RETURNING id"
        await fetch_work(services, statement, run_id, before)
    await compact(services)
    await compact(services)
    left = [row[0] for row in await fetch_work(services, query, seller_id)]
    assert left[:2] == [kept, again]
    assert not {gone, gone_too}.intersection(left)
    assert await runs(services, seller_id) == 102
