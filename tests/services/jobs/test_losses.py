"""A job that costs workers is given up; one that gets further between them is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.database.transactions import work_transaction
from app.errors import LeaseLostError
from app.queries.jobs.claims import find_suspect_age
from app.services.jobs.dispatcher import dispatch_once
from tests.services.jobs.test_execution import expire_all, write_fenced
from tests.services.jobs_at_hand import enqueue_one, execute, job_of, state_of

if TYPE_CHECKING:
    from uuid import UUID

    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.execution import Lease


async def lose_at(services: Services, job_id: UUID, *steps: int) -> None:
    """A worker takes the job, comes so far step by step, and is gone."""

    async def vanish(services: Services, job: ClaimedJob, lease: Lease) -> int:
        for done in steps:
            await lease.note_progress(done=done, of=9, rows=done)
        await expire_all(services)
        await dispatch_once(services)
        with pytest.raises(LeaseLostError):
            await write_fenced(services, job, lease)
        return 0

    async with work_transaction(services.database.app) as driver:
        suspect = await find_suspect_age(driver, job_id) is not None
    assert suspect is ((await job_of(services, job_id))["losses"] >= 2)
    await execute(services, job_id, vanish)


@pytest.mark.parametrize(
    ("ways", "losses", "state"),
    [
        ([(), (), ()], [1, 2, 3], "FAILED"),
        ([(1, 2), (1, 2), (1, 2)], [1, 2, 3], "FAILED"),  # always at the same place, though it begins anew
        ([(1, 2), (1,), (1, 2)], [1, 2, 3], "FAILED"),
        ([(1, 2), (1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5)], [1, 1, 1, 1], "QUEUED"),
    ],
)
async def test_losses_count_until_the_job_gets_further_than_it_was_lost(
    services: Services, ways: list[tuple[int, ...]], losses: list[int], state: str
) -> None:
    job_id = await enqueue_one(services)
    counted: list[int] = []
    for steps in ways:
        await lose_at(services, job_id, *steps)
        counted.append((await job_of(services, job_id))["losses"])
    assert (counted, await state_of(services, job_id)) == (losses, state)


async def test_what_outlived_its_losses_shows_its_progress_alone(services: Services) -> None:
    job_id = await enqueue_one(services)
    await lose_at(services, job_id, 1)
    assert (await job_of(services, job_id))["progress"] == {"done": 1, "of": 9, "rows": 1, "lost_at": 1}

    async def pass_it(_services: Services, _job: ClaimedJob, lease: Lease) -> int:
        await lease.note_progress(done=2, of=9, rows=2)
        return 2

    await execute(services, job_id, pass_it)
    job = await job_of(services, job_id)
    assert (job["losses"], job["progress"]) == (0, {"done": 2, "of": 9, "rows": 2})
