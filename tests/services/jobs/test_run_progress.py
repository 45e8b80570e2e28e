"""How far a run is, from rows in every state a job can be in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import read_snapshot, work_transaction
from app.errors import NotFoundError
from app.identifiers import new_id
from app.job_kinds import JobKind
from app.metrics.levels import Level
from app.queries.jobs.runs import end_runs
from app.services.jobs.new_jobs import AccountKey, StatsUnit, own_job, stats_job
from app.services.jobs.run_progress import (
    JobsByState,
    WaitingReason,
    WaitReason,
    get_run_progress,
    load_run_progress,
)
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import ConnectionKind, Priority, RunOrigin, RunState
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.services.jobs.run_progress import RunProgress
    from app.services.jobs.run_requests import EnqueuedRun

SELLER = new_id()
FIRST, SECOND = AccountKey(SELLER, new_id()), AccountKey(SELLER, new_id())
DAY = date(2026, 3, 1)


def _job(account: AccountKey, level: Level, *, days: int = 1, from_date: date = DAY) -> NewJob:
    unit = StatsUnit(level, from_date, from_date + timedelta(days=days - 1))
    return stats_job(account, unit, priority=Priority.MANUAL)


async def _run(services: Services, *jobs: NewJob, seller_id: UUID = SELLER) -> EnqueuedRun:
    request = RunRequest(seller_id=seller_id, origin=RunOrigin.MANUAL, reason="a test")
    async with work_transaction(services.database.app) as driver:
        return await record_run(driver, request, jobs)


async def _set(services: Services, job: NewJob, assignments: str) -> None:
    async with work_transaction(services.database.app) as driver:
        await driver.execute(f"UPDATE jobs SET {assignments} WHERE key = $1", job.key)


async def _succeed(services: Services, job: NewJob, *, rows: int = 0) -> None:
    ended = f"state = 'SUCCEEDED', rows_written = {rows}, started_at = coalesce(started_at, now()), ended_at = now()"
    await _set(services, job, ended)


async def _progress(services: Services, run: EnqueuedRun) -> RunProgress:
    return await get_run_progress(services, seller_id=SELLER, run_id=run.run_id)


async def test_a_job_weighs_its_days_and_its_level(services: Services) -> None:
    account, ads = _job(FIRST, Level.ACCOUNT, days=4), _job(FIRST, Level.AD, days=4)
    run = await _run(services, account, ads)
    assert (await _progress(services, run)).percent == 0.0
    await _succeed(services, account)
    assert (await _progress(services, run)).percent == 11.1  # 4 of 4 + 32
    await _set(services, ads, """state = 'RUNNING', progress = '{"done": 1, "of": 2, "rows": 70}', rows_written = 70""")
    half = await _progress(services, run)
    assert (half.percent, half.rows_written) == (55.5, 70)
    await _set(services, ads, """progress = '{"done": 2, "of": 2, "rows": 140}'""")
    assert (await _progress(services, run)).percent == 99.9  # until it is committed, it is not over


async def test_every_state_is_counted_and_every_wait_has_its_reason(services: Services) -> None:
    jobs = {
        name: _job(FIRST if place % 2 else SECOND, Level.AD, from_date=DAY + timedelta(days=place))
        for place, name in enumerate(
            ("SUCCEEDED", "FAILED", "CANCELLED", "RUNNING", "RETRYING", "PARKED", "QUEUED", "later", "behind", "report")
        )
    }
    last = own_job(JobKind.AGGREGATION, key="last", seller_id=SELLER, priority=Priority.SCHEDULED)
    run = await _run(services, *jobs.values(), last)
    for name in ("SUCCEEDED", "FAILED", "CANCELLED"):
        await _set(services, jobs[name], f"state = '{name}', started_at = now(), ended_at = now(), rows_written = 5")
    await _set(services, jobs["RUNNING"], "state = 'RUNNING', started_at = now()")
    await _set(services, jobs["RETRYING"], "state = 'RETRYING', run_at = now() + interval '4 s'")
    await _set(services, jobs["PARKED"], "state = 'PARKED', run_at = now() + interval '600 s'")
    await _set(services, jobs["QUEUED"], "exclusive_key = 'alone'")
    await _set(services, jobs["later"], "exclusive_key = 'later', run_at = now() + interval '3600 s'")
    await _set(
        services, jobs["report"], """state = 'RUNNING', exclusive_key = 'report', progress = '{"waiting": "report"}'"""
    )
    await _set(services, jobs["behind"], "exclusive_key = 'report'")
    await _set(services, last, "state = 'BLOCKED'")

    progress = await _progress(services, run)

    due = {row["key"]: row["run_at"] for row in await fetch_work(services, "SELECT key, run_at FROM jobs")}
    first, second = FIRST.connection_id, SECOND.connection_id
    assert progress.jobs == JobsByState(1, 3, 2, 1, 1, 1, 1, 1)
    assert (progress.jobs_total, progress.jobs_ended, progress.jobs_failed) == (11, 3, 1)
    assert (progress.accounts_total, progress.accounts_done, progress.rows_written) == (2, 0, 15)
    assert progress.waiting == (
        _wait(WaitReason.THROTTLED, first, due[jobs["PARKED"].key]),
        _wait(WaitReason.RETRYING, second, due[jobs["RETRYING"].key]),
        _wait(WaitReason.PLATFORM, first),
        _wait(WaitReason.BLOCKED, None),
        _wait(WaitReason.EXCLUDED, second),
        _wait(WaitReason.SCHEDULED, first, due[jobs["later"].key]),
        _wait(WaitReason.QUEUED, second),
    )


async def test_a_job_that_several_pauses_hold_waits_for_the_last_of_them(services: Services) -> None:
    job = _job(FIRST, Level.AD)
    run = await _run(services, job)
    await _set(services, job, "state = 'PARKED', run_at = now() + interval '4 minutes'")
    pauses = {
        f"connection/{FIRST.connection_id}/ADS_INSIGHTS": 4,
        f"connection/{FIRST.connection_id}": 9,
        f"connection/{FIRST.connection_id}/ADS_MANAGEMENT": 20,
        f"connection/{SECOND.connection_id}": 30,
    }
    async with work_transaction(services.database.app) as driver:
        for scope, minutes in pauses.items():
            await driver.execute(
                "INSERT INTO call_pauses (scope, seller_id, paused_until, reason, noted_at)"
                " VALUES ($1, $2, now() + $3::interval, 'wait', now())",
                *(scope, SELLER, timedelta(minutes=minutes)),
            )
    ends = {row["scope"]: row["paused_until"] for row in await fetch_work(services, "SELECT * FROM call_pauses")}
    until = ends[f"connection/{FIRST.connection_id}"]
    progress = await _progress(services, run)
    assert progress.waiting == (_wait(WaitReason.THROTTLED, FIRST.connection_id, until),)


def _wait(reason: WaitReason, account_id: UUID | None, until: object = None) -> WaitingReason:
    kind = ConnectionKind.AD_ACCOUNT if account_id else None
    return WaitingReason(reason=reason, connection_id=account_id, connection_kind=kind, jobs=1, until=until)  # pyright: ignore[reportArgumentType]  # a stored instant


async def test_the_end_is_estimated_from_the_pace_so_far(services: Services) -> None:
    done, left = _job(FIRST, Level.AD, days=2), _job(SECOND, Level.AD, days=6)
    run = await _run(services, done, left)
    assert (await _progress(services, run)).estimated_end is None
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE sync_runs SET created_at = now() - interval '1 hour'")
    await _succeed(services, done)
    await _set(services, done, "started_at = now() - interval '60 s'")
    progress = await _progress(services, run)
    assert progress.estimated_end is not None
    assert 180 <= (progress.estimated_end - progress.updated_at).total_seconds() < 200
    await _set(services, left, "state = 'PARKED', run_at = now() + interval '1 hour'")
    progress = await _progress(services, run)
    assert progress.estimated_end == progress.waiting[0].until


async def test_a_run_that_ended_needs_its_jobs_no_more(services: Services) -> None:
    good, bad = _job(FIRST, Level.AD), _job(SECOND, Level.AD)
    run = await _run(services, good, bad)
    await _succeed(services, good, rows=12)
    await _set(services, bad, "state = 'FAILED', started_at = now(), ended_at = now()")
    async with work_transaction(services.database.app) as driver:
        await end_runs(driver, [run.run_id])
    ended = await _progress(services, run)
    assert (ended.state, ended.percent, ended.rows_written) == (RunState.PARTIAL, 100.0, 12)
    assert (ended.accounts_total, ended.accounts_done, ended.estimated_end) == (2, 2, None)
    async with work_transaction(services.database.app) as driver:
        await driver.execute("DELETE FROM sync_run_jobs")
        await driver.execute("DELETE FROM jobs")
    compacted = await _progress(services, run)
    assert (compacted.percent, compacted.rows_written, compacted.jobs) == (100.0, 12, ended.jobs)
    assert (compacted.jobs_total, compacted.jobs_ended, compacted.jobs_failed) == (2, 2, 1)
    assert (compacted.accounts_total, compacted.accounts_done) == (None, None)


async def test_many_runs_are_answered_in_their_order(services: Services) -> None:
    runs = [await _run(services, _job(FIRST, Level.AD, from_date=DAY + timedelta(days=place))) for place in range(3)]
    async with read_snapshot(services.database.app, SELLER) as driver:
        found = await load_run_progress(driver, SELLER, [run.run_id for run in runs])
    assert [progress.run_id if progress else None for progress in found] == [run.run_id for run in runs]


async def test_anothers_run_is_not_found(services: Services) -> None:
    theirs = await _run(services, _job(FIRST, Level.AD), seller_id=new_id())
    nobodys = await _run(services)
    for run_id in (theirs.run_id, new_id()):
        with pytest.raises(NotFoundError, match=r"There is no such run\."):
            await get_run_progress(services, seller_id=SELLER, run_id=run_id)
    assert (await _progress(services, nobodys)).percent == 0.0
