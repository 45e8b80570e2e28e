from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.database.transactions import work_transaction
from app.services.context import open_services
from app.services.dispatcher import dispatch_once
from app.services.job_broker import Priority
from tests.services.jobs_at_hand import chore, enqueue, enqueue_one, execute, job_of, nothing, state_of

if TYPE_CHECKING:
    from app.services.context import Services


async def backlogs(services: Services) -> list[int]:
    return [await services.broker.backlog(priority) for priority in Priority]


async def forget_when_sent(services: Services) -> None:
    """As if the messages had been sent long ago."""
    async with work_transaction(services.database.app) as driver:
        await driver.execute("UPDATE jobs SET sent_at = sent_at - interval '10 seconds'")


async def test_due_jobs_are_sent_once_each_to_the_queue_of_their_urgency(services: Services) -> None:
    await enqueue(
        services,
        *[
            chore(f"{priority.name}-{place}", priority=priority)
            for priority in Priority
            for place in range(priority + 1)
        ],
        chore("later", delay=timedelta(minutes=1)),
    )
    for _ in range(2):
        await dispatch_once(services)
        assert await backlogs(services) == [1, 2, 3, 4]


async def test_many_dispatchers_send_each_job_once(services: Services) -> None:
    await enqueue(services, *[chore(f"chore-{place}") for place in range(50)])
    await asyncio.gather(*[dispatch_once(services) for _ in range(4)])
    assert await backlogs(services) == [0, 0, 50, 0]


async def test_messages_that_redis_forgot_are_sent_again(services: Services) -> None:
    await enqueue(services, *[chore(f"chore-{place}") for place in range(100)])
    await dispatch_once(services)
    await services.redis.flushdb()  # pyright: ignore[reportUnknownMemberType, reportGeneralTypeIssues]  # redis-py types sync and async as one
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 0, 0]  # a message just taken may lead to a claim yet
    await forget_when_sent(services)
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 100, 0]


async def test_a_long_queue_is_not_sent_again_and_again(services: Services) -> None:
    await enqueue(services, *[chore(f"chore-{place}") for place in range(10)])
    await dispatch_once(services)
    await forget_when_sent(services)
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 10, 0]


async def test_jobs_of_an_outage_are_sent_once_redis_is_back(services: Services) -> None:
    lost = services.settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    job_id = await enqueue_one(services)
    async with open_services(lost, process="tests") as without_redis:
        await dispatch_once(replace(services, broker=without_redis.broker))
    assert (await job_of(services, job_id))["sent_at"] is None
    assert await backlogs(services) == [0, 0, 0, 0]
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 1, 0]


async def test_a_message_for_a_job_that_has_ended_does_nothing(services: Services) -> None:
    job_id = await enqueue_one(services)
    await dispatch_once(services)
    await execute(services, job_id, nothing)
    await forget_when_sent(services)
    await dispatch_once(services)
    assert await backlogs(services) == [0, 0, 1, 0]
    assert await state_of(services, job_id) == "SUCCEEDED"
