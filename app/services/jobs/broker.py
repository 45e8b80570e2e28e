"""Messages that say "look at job X": a list in Redis per urgency. They carry a job's id and nothing else.

Redis may lose every one of them: the jobs table is the truth, and the dispatcher sends again what was not claimed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from taskiq.kicker import AsyncKicker
from taskiq_redis import ListQueueBroker

from app.observability.logging import get_logger
from app.vocabulary import Priority

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from uuid import UUID

    from pydantic import SecretStr
    from taskiq import BrokerMessage

log = get_logger(__name__)

# The label of a message that is to be read before all others of its queue; other messages don't have it.
AHEAD = "ahead"
TASK_NAME = "pixecom.run_job"
BLOCK_SECONDS = 2
RECONNECT_SECONDS = 0.5
CONNECTIONS = 32


def queue_name(priority: int) -> str:
    return f"pixecom:jobs:{Priority(priority).name.lower()}"


QUEUES = tuple(queue_name(priority) for priority in Priority)
# What the slot that is kept for people takes.
URGENT_QUEUES = (queue_name(Priority.MANUAL),)


class JobBroker(ListQueueBroker):
    """taskiq's list broker over some of the queues, most urgent first, that outlives a restart of Redis.

    redis-py 8 ends a read after 5 s by default, which taskiq's own loop takes for a failure: here a read blocks for
    less than its timeout, and any failure of the connection is waited out.
    """

    def __init__(self, redis_url: SecretStr, *, queues: Sequence[str] = QUEUES, connections: int = CONNECTIONS) -> None:
        super().__init__(
            redis_url.get_secret_value(),
            queue_name=queue_name(Priority.SCHEDULED),
            max_connection_pool_size=connections,
            socket_timeout=BLOCK_SECONDS * 3,
            socket_connect_timeout=5,
        )
        self._redis_url = redis_url
        self._queues = list(queues)
        self._connections = connections

    def for_urgent_jobs(self) -> JobBroker:
        """A second broker that knows the same tasks and listens to nothing but what people wait for."""
        other = JobBroker(self._redis_url, queues=URGENT_QUEUES, connections=self._connections)
        other.local_task_registry = self.local_task_registry
        return other

    async def listen(self) -> AsyncGenerator[bytes, None]:
        """Yield messages, those of the most urgent queue first."""
        is_away = False
        while True:
            try:
                async with Redis(connection_pool=self.connection_pool) as redis:
                    popped: Any = await redis.brpop(self._queues, timeout=BLOCK_SECONDS)
            except (RedisError, OSError) as error:
                if not is_away:
                    # Redis' own message, without address or command: "MISCONF Errors writing to the AOF file".
                    reason = str(error) if isinstance(error, ResponseError) else None
                    log.warning("redis does not answer; waiting", error=type(error).__name__, reason=reason)
                is_away = True
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            if is_away:
                log.warning("redis answers again")
            is_away = False
            if popped is not None:
                yield popped[1]

    async def kick(self, message: BrokerMessage) -> None:
        """Put a message at the end of its queue, or at its head."""
        if AHEAD not in message.labels:
            await super().kick(message)
            return
        async with Redis(connection_pool=self.connection_pool) as redis:
            await redis.rpush(message.labels["queue_name"], message.message)

    async def send(self, job_id: UUID, *, priority: int, ahead: bool = False) -> None:
        """Send one message, `ahead` of all that wait in its queue. Raises taskiq's SendTaskError if Redis refuses."""
        kicker: AsyncKicker[Any, Any] = AsyncKicker(
            task_name=TASK_NAME,
            broker=self,
            labels={"queue_name": queue_name(priority), **({AHEAD: True} if ahead else {})},
        )
        await kicker.kiq(str(job_id))

    async def backlog(self, priority: int) -> int:
        """How many messages wait in a queue. Raises RedisError."""
        async with Redis(connection_pool=self.connection_pool) as redis:
            return int(await redis.llen(queue_name(priority)))
