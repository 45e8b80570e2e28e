"""What jobs find odd is kept with the job and its account, and stays only while it is seen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from app.database.transactions import work_transaction
from app.errors import ProviderTransientError, RequestRefusedError
from app.identifiers import new_id
from app.job_kinds import SOURCES, JobKind
from app.metrics.levels import Level
from app.observability.prometheus import SYNC_WARNINGS
from app.providers.sync_warnings import Subject
from app.services.days.retention import run_retention_job
from app.services.jobs.execution import execute_job
from app.services.jobs.new_jobs import AccountKey, StatsUnit, delivery_job, stats_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, RunOrigin
from tests.services.jobs_at_hand import chore, enqueue_one, job_of
from tests.services.jobs_at_hand import execute as execute_chore
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from app.providers.sync_warnings import SyncWarnings
    from app.queries.jobs.claims import ClaimedJob
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

DAY = date(2026, 11, 3)
ODD = "The ad has no name; its id is shown instead."
LINE = "synced with gaps"


@pytest.fixture
def account() -> AccountKey:
    return AccountKey(new_id(), new_id())


def stats(account: AccountKey, level: Level = Level.AD, *, since: date = DAY, until: date = DAY) -> NewJob:
    return stats_job(account, StatsUnit(level, since, until), priority=Priority.SCHEDULED)


def delivery(account: AccountKey) -> NewJob:
    return delivery_job(account, priority=Priority.SCHEDULED)


async def run(
    services: Services, job: NewJob, note: Callable[[SyncWarnings], None], *, error: Exception | None = None
) -> UUID:
    """Do the job by noting what is odd; answers its id."""

    async def handler(_services: Services, _job: ClaimedJob, lease: Lease) -> int:
        note(lease.warnings)
        if error is not None:
            raise error
        return 0

    request = RunRequest(seller_id=job.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with work_transaction(services.database.app) as driver:
        enqueued = await record_run(driver, request, [job])
    await execute_job(services, enqueued.jobs[0].job_id, worker="w", handlers={job.kind: handler})
    return enqueued.jobs[0].job_id


def well(_warnings: SyncWarnings) -> None:
    """Nothing is odd."""


def unnamed(*ids: str, day: date | None = None) -> Callable[[SyncWarnings], None]:
    def note(warnings: SyncWarnings) -> None:
        for external_id in ids:
            warnings.note(Subject.AD, ODD, external_id=external_id, day=day, found="")

    return note


async def stored(services: Services, what: str = "things") -> list[Any]:
    """What there is, the earliest day first."""
    rows = await fetch_work(services, f"SELECT {what} FROM sync_warnings ORDER BY stat_date NULLS FIRST, source")
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


async def test_a_job_keeps_what_it_found_odd(services: Services, account: AccountKey) -> None:
    job_id = await run(services, stats(account), unnamed("7", "8", day=DAY))
    columns = "seller_id, connection_id, job_id, source, level, subject, sentence, stat_date, things"
    assert await stored(services, columns) == [(*account[:2], job_id, "INSIGHTS", Level.AD, "AD", ODD, DAY, 2)]
    assert await stored(services, "examples") == [[{"id": "7", "found": ""}, {"id": "8", "found": ""}]]
    assert await stored(services, "first_seen_at = last_seen_at AND last_seen_at <= now()") == [True]
    result = (await fetch_work(services, "SELECT result FROM jobs WHERE id = $1", job_id))[0][0]
    assert [(each["sentence"], each["stat_date"], each["things"]) for each in result["warnings"]] == [
        (ODD, "2026-11-03", 2)
    ]


async def test_what_is_seen_again_is_one_warning_and_remembers_since_when(
    services: Services, account: AccountKey
) -> None:
    await run(services, delivery(account), unnamed("7"))
    [first] = await stored(services, "first_seen_at")
    await run(services, delivery(account), unnamed("7", "8"))
    assert await stored(services, "things, first_seen_at = last_seen_at") == [(2, False)]
    assert await stored(services, "first_seen_at") == [first]


async def test_a_success_that_sees_nothing_odd_clears_its_own_scope(services: Services, account: AccountKey) -> None:
    other = AccountKey(account.seller_id, new_id())
    await run(services, delivery(account), unnamed("7"))
    await run(services, delivery(other), unnamed("7"))
    await run(services, stats(account), unnamed("7"))
    await run(services, stats(account, Level.CAMPAIGN), unnamed("7"))
    await run(services, stats(account), well)
    left = await stored(services, "connection_id, source, level")
    assert sorted(left, key=str) == sorted(
        [
            (account.connection_id, "DELIVERY", None),
            (other.connection_id, "DELIVERY", None),
            (account.connection_id, "INSIGHTS", Level.CAMPAIGN),
        ],
        key=str,
    )
    await run(services, delivery(account), well)
    assert len(await stored(services)) == 2


async def test_a_day_stays_odd_until_it_is_read_again(services: Services, account: AccountKey) -> None:
    next_day = DAY + timedelta(days=1)
    await run(services, stats(account), unnamed("7", day=DAY))
    await run(services, stats(account, since=next_day, until=next_day), well)
    assert await stored(services, "stat_date") == [DAY]
    await run(services, stats(account, until=next_day), well)
    assert await stored(services) == []


async def test_a_failed_job_keeps_its_own_and_clears_nothing(services: Services, account: AccountKey) -> None:
    await run(services, stats(account), unnamed("7", day=DAY))
    refused = RequestRefusedError("no")
    await run(services, stats(account), unnamed("8"), error=refused)
    job_id = await run(services, stats(account), unnamed("8"), error=refused)
    assert (await job_of(services, job_id))["state"] == "FAILED"
    assert await stored(services, "stat_date") == [None, DAY]
    result = (await fetch_work(services, "SELECT result FROM jobs WHERE id = $1", job_id))[0][0]
    assert [each["examples"] for each in result["warnings"]] == [[{"id": "8", "found": ""}]]


async def test_a_job_that_waits_for_its_next_try_keeps_nothing(services: Services, account: AccountKey) -> None:
    job_id = await run(services, stats(account), unnamed("8"), error=ProviderTransientError("later"))
    assert (await job_of(services, job_id))["state"] == "RETRYING"
    assert await stored(services) == []


async def test_a_job_tells_of_it_once(
    services: Services, account: AccountKey, caplog: pytest.LogCaptureFixture
) -> None:
    counter = SYNC_WARNINGS.labels("AD")
    before = cast("float", counter._value.get())
    await run(services, stats(account), unnamed("7", "8", day=DAY))
    assert counter._value.get() == before + 2
    assert [record.getMessage().count(ODD) for record in caplog.records if LINE in record.getMessage()] == [1]


async def test_a_job_without_a_platform_has_none(services: Services, account: AccountKey) -> None:
    job_id = await enqueue_one(services, chore(seller_id=account.seller_id, connection_id=account.connection_id))

    async def handler(_services: Services, _job: ClaimedJob, lease: Lease) -> int:
        unnamed("7")(lease.warnings)
        return 0

    await execute_chore(services, job_id, handler)
    assert (await job_of(services, job_id))["state"] == "SUCCEEDED"
    assert await stored(services) == []


async def test_what_nothing_has_seen_for_long_is_forgotten(services: Services, account: AccountKey) -> None:
    await run(services, delivery(account), unnamed("7"))
    await run(services, stats(account), unnamed("7"))
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE sync_warnings SET last_seen_at = now() - interval '36 days' WHERE level IS NULL")
        enqueued = await record_run(
            driver,
            RunRequest(seller_id=None, origin=RunOrigin.SYSTEM, reason="a test"),
            [chore("retention")],
        )
    await execute_job(services, enqueued.jobs[0].job_id, worker="w", handlers={"chore": run_retention_job})
    assert await stored(services, "source") == ["INSIGHTS"]


def test_every_kind_that_reads_a_platform_has_a_source() -> None:
    ours = {"aggregation", "day_close", "refresh", "retention", "compaction", "tick"}
    assert set(JobKind) - ours == SOURCES.keys()
