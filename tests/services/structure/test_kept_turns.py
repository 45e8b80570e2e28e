"""A job whose turn comes while another runs with its exclusive key keeps that turn, whatever is queued meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.database.transactions import work_transaction
from app.identifiers import new_id
from app.queries.jobs.claims import claim_job, release_job
from app.queries.jobs.dispatch import queue_depth
from app.services.jobs.broker import queue_name
from app.services.jobs.dispatcher import dispatch_once
from app.services.jobs.queue import send_now
from app.vocabulary import Priority
from tests.services.jobs_at_hand import chore, doing, enqueue, execute, job_of, nothing, state_of
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services

QUEUE = queue_name(Priority.SCHEDULED)
A_MINUTE = timedelta(minutes=1)
OTHERS = 12


async def test_the_next_of_a_key_goes_ahead_of_what_another_seller_queued_meanwhile(services: Services) -> None:
    held, waits = await _two_of_one_key(services)

    async def meanwhile() -> None:
        await execute(services, waits, nothing)
        await _queue_another_sellers(services)
        for _ in range(2):  # nothing sends it while the key is taken
            await dispatch_once(services)
        assert waits not in await _messages(services)

    await execute(services, held, doing(meanwhile))

    messages = await _messages(services)
    assert (messages[0], messages.count(waits), len(messages)) == (waits, 1, OTHERS + 1)
    await execute(services, waits, nothing)
    assert await state_of(services, waits) == "SUCCEEDED"


async def test_of_several_that_wait_for_a_key_the_one_that_is_due_for_longest_goes_first(services: Services) -> None:
    run = await enqueue(services, *[chore(key, exclusive_key="x") for key in ("a", "b", "c")])
    held, one, other = (job.job_id for job in run.jobs)
    await _due_since(services, one, seconds=10)
    await _due_since(services, other, seconds=20)

    async def meanwhile() -> None:
        for waits in (one, other):
            await execute(services, waits, nothing)
            assert (await job_of(services, waits))["sent_at"] is None

    await execute(services, held, doing(meanwhile))
    assert await _messages(services) == [other]
    await _drain(services)
    await execute(services, other, nothing)
    assert await _messages(services) == [one]


async def test_a_key_that_became_free_without_a_word_is_found_by_the_dispatcher(services: Services) -> None:
    held, waits = await _two_of_one_key(services)
    claimed = await _claim(services, held)
    await execute(services, waits, nothing)
    await _queue_another_sellers(services)
    await dispatch_once(services)
    assert waits not in await _messages(services)

    async with work_transaction(services.database.app) as driver:
        await release_job(driver, claimed)
    await dispatch_once(services)
    await dispatch_once(services)

    messages = await _messages(services)
    assert (messages[0], messages.count(waits)) == (waits, 1)


async def test_a_message_that_was_lost_is_sent_ahead_again(services: Services) -> None:
    held, waits = await _two_of_one_key(services)
    await execute(services, held, doing(lambda: execute(services, waits, nothing)))
    await _drain(services)
    await fetch_work(services, "UPDATE jobs SET sent_at = sent_at - interval '10 seconds' RETURNING id")

    await dispatch_once(services)

    assert await _messages(services) == [waits]


async def test_what_waits_for_a_key_does_not_wait_for_a_worker(services: Services) -> None:
    held, waits = await _two_of_one_key(services)
    await _claim(services, held)
    await execute(services, waits, nothing)
    await _due_since(services, waits, seconds=600)

    async with work_transaction(services.database.app) as driver:
        assert await queue_depth(driver) == {Priority.SCHEDULED: (1, 0.0)}


async def _two_of_one_key(services: Services) -> tuple[UUID, UUID]:
    run = await enqueue(services, chore("a", exclusive_key="x"), chore("b", exclusive_key="x"))
    held, waits = (job.job_id for job in run.jobs)
    return held, waits


async def _queue_another_sellers(services: Services) -> None:
    seller = new_id()
    run = await enqueue(services, *[chore(f"other {place}", seller_id=seller) for place in range(OTHERS)])
    await send_now(services, [job.job_id for job in run.jobs])


async def _claim(services: Services, job_id: UUID) -> ClaimedJob:
    async with work_transaction(services.database.app) as driver:
        claimed = await claim_job(driver, job_id, worker="w", lease=A_MINUTE)
    assert claimed is not None
    return claimed


async def _due_since(services: Services, job_id: UUID, *, seconds: int) -> None:
    statement = "UPDATE jobs SET run_at = now() - $2::interval WHERE id = $1 RETURNING id"
    await fetch_work(services, statement, job_id, timedelta(seconds=seconds))


async def _messages(services: Services) -> list[UUID]:
    """The jobs of the queue's messages, in the order in which workers read them."""
    raw: Any = await services.redis.lrange(QUEUE, 0, -1)
    return [UUID(services.broker.formatter.loads(message).args[0]) for message in reversed(raw)]


async def _drain(services: Services) -> None:
    await services.redis.delete(QUEUE)
