"""The one way to ask for background work: write the jobs in your own transaction, send their messages after it.

A job that was committed runs, whatever happens to its message: the dispatcher is the net.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from taskiq.exceptions import SendTaskError

from app.database.transactions import work_transaction
from app.event_loop.patience import patience
from app.observability.logging import get_logger
from app.queries.jobs import dispatch as job_dispatch
from app.queries.jobs.turns import count_kept, take_freed, take_unsent
from app.vocabulary import Priority

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.queries.jobs.turns import DueJob
    from app.services.context import Services

log = get_logger(__name__)

# A queue is filled again when it is half empty: looking for whose turn it is costs more than sending.
REFILL_BELOW = 0.5
# Seconds. A message that takes longer is left to the dispatcher: the caller is waiting.
SEND_SECONDS = 1.0
# Jobs that a request sends itself; the dispatcher lets sellers take turns, and sends
# all that is not urgent.
SEND_AT_ONCE = 16
# A message that was popped and never led to a claim (its worker died in between) is sent again after this.
RESEND_AFTER = timedelta(seconds=5)
# While its queue holds others, a message may still be among them; after this it is sent again all the same.
RESEND_AMONG_OTHERS = timedelta(seconds=60)


async def send_now(services: Services, job_ids: Sequence[UUID]) -> None:
    """Send the messages of jobs just committed, the first SEND_AT_ONCE of them; the dispatcher sends the others.

    It sends those of backfills, too, all of them. Never raises for want of Redis.
    """
    async with work_transaction(services.database.app) as driver:
        due = await job_dispatch.take_these(driver, job_ids[:SEND_AT_ONCE], above=Priority.BACKFILL)
    await _send(services, due)


async def send_next_excluded(services: Services, ended: UUID) -> None:
    """Let the next job of the same account and level start as soon as one has ended, without waiting to be found.

    Its turn came while that one ran, so it goes ahead of what was queued since.
    """
    async with work_transaction(services.database.app) as driver:
        due = await job_dispatch.take_next_excluded(driver, ended)
    await _send(services, due, ahead=True)


async def send_due(services: Services) -> int:
    """Send what is due and was not sent, or was sent and lost; answers how many messages were sent.

    A message counts as lost when the job is unclaimed and its queue is empty, or for a minute: while a queue
    still holds messages, the job's may be among them. One that comes twice is harmless.
    """
    sent = 0
    for priority in Priority:
        try:
            backlog = await services.broker.backlog(priority)
        except (RedisError, OSError) as error:
            log.warning("redis does not answer; messages wait", error=type(error).__name__)
            return sent
        async with work_transaction(services.database.app) as driver:
            kept = await count_kept(driver, priority=priority)  # taken from the queue, and not begun
        depth = services.queue_depths.depth(priority, backlog + kept)
        sent += await _send_freed(services, priority, backlog)
        filled = await _fill(services, priority, backlog, depth=depth)
        services.queue_depths.note(priority, backlog + kept + filled)
        sent += filled
    return sent


async def _send_freed(services: Services, priority: Priority, backlog: int) -> int:
    """Send what waited for a key that is free by now; nearly all of it was sent when the job that had it ended."""
    async with work_transaction(services.database.app) as driver:
        freed = await take_freed(driver, priority=priority, resend_after=_resend_after(backlog))
    return await _send(services, freed[::-1], ahead=True)  # the last that is sent ahead is the first that is read


async def _fill(services: Services, priority: Priority, backlog: int, *, depth: int) -> int:
    """Fill a queue up to this many messages, unless it is half full; returns how many were sent."""
    resend_after = _resend_after(backlog)
    sent = 0
    while backlog + sent < depth * REFILL_BELOW:
        async with work_transaction(services.database.app) as driver:
            due = await take_unsent(
                driver,
                priority=priority,
                resend_after=resend_after,
                limit=depth - backlog - sent,
            )
        taken = await _send(services, due)
        sent += taken
        if taken < len(due) or not due:
            break
    return sent


def _resend_after(backlog: int) -> timedelta:
    return RESEND_AFTER if backlog == 0 else RESEND_AMONG_OTHERS


async def _send(services: Services, due: Sequence[DueJob], *, ahead: bool = False) -> int:
    for place, job in enumerate(due):
        try:
            async with patience(SEND_SECONDS):
                await services.broker.send(job.id, priority=job.priority, ahead=ahead)
        except (SendTaskError, RedisError, OSError) as error:
            log.warning("redis does not answer; messages wait", error=type(error).__name__, jobs=len(due) - place)
            async with work_transaction(services.database.app) as driver:
                await job_dispatch.forget_sent(driver, [left.id for left in due[place:]])
            return place
    return len(due)
