"""Keeping the record of work small: the newest ended jobs of a kind and seller stay, what is older becomes totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database.transactions import work_transaction
from app.observability.logging import get_logger
from app.queries.jobs.compaction import (
    ENDED_BADLY,
    ENDED_WELL,
    FIRST_GROUP,
    NOBODY,
    JobGroup,
    Kept,
    compact_jobs,
    forget_runs,
    list_job_groups,
    list_nobodys_groups,
    list_owners_of_runs,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease

log = get_logger(__name__)

RUNS_KEPT = 100
GROUPS_A_PAGE = 500
ROWS_AT_ONCE = 500


async def run_compaction_job(services: Services, _job: ClaimedJob, lease: Lease) -> int:
    """The handler of compaction jobs: jobs first, then runs that have none left. Answers how many rows went."""
    settings = services.settings
    kept = (
        Kept(states=ENDED_WELL, count=settings.jobs_kept_completed),
        Kept(states=ENDED_BADLY, count=settings.jobs_kept_failed),
    )
    jobs = runs = 0
    for of_these in kept:
        async for group in _groups(services, of_these):
            jobs += await _all_of(services, lease, _compacting(group, of_these))
    async for owner_id in _owners(services):
        runs += await _all_of(services, lease, _forgetting(owner_id))
    if jobs or runs:
        log.info("ended jobs compacted", jobs=jobs, runs=runs)
    return jobs + runs


async def _groups(services: Services, kept: Kept) -> AsyncIterator[JobGroup]:
    async with work_transaction(services.database.app) as driver:
        page = await list_nobodys_groups(driver, kept)
    for group in page:
        yield group
    last = FIRST_GROUP
    while True:
        async with work_transaction(services.database.app) as driver:
            groups = await list_job_groups(driver, kept, after=last, limit=GROUPS_A_PAGE)
        for group in groups:
            yield group
        if len(groups) < GROUPS_A_PAGE:
            return
        last = groups[-1]


async def _owners(services: Services) -> AsyncIterator[UUID]:
    yield NOBODY
    last = NOBODY
    while True:
        async with work_transaction(services.database.app) as driver:
            owners = await list_owners_of_runs(driver, after=last, more_than=RUNS_KEPT, limit=GROUPS_A_PAGE)
        for owner_id in owners:
            yield owner_id
        if len(owners) < GROUPS_A_PAGE:
            return
        last = owners[-1]


def _compacting(group: JobGroup, kept: Kept) -> Callable[[Driver], Awaitable[int]]:
    return lambda driver: compact_jobs(driver, group, kept, limit=ROWS_AT_ONCE)


def _forgetting(owner_id: UUID) -> Callable[[Driver], Awaitable[int]]:
    return lambda driver: forget_runs(driver, owner_id, kept=RUNS_KEPT, limit=ROWS_AT_ONCE)


async def _all_of(services: Services, lease: Lease, step: Callable[[Driver], Awaitable[int]]) -> int:
    """Step by step, each a transaction, until one has less to do than it may."""
    done = 0
    while True:
        async with work_transaction(services.database.app) as driver:
            await lease.fence(driver)
            count = await step(driver)
        done += count
        if count < ROWS_AT_ONCE:
            return done
