"""The application inside the test's process, with one seller that has thirty of everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.hostile.counting import counted
from tests.hostile.outcome import Cost, Outcome

if TYPE_CHECKING:
    import io

    from redis.asyncio import Redis

    from tests.hostile.in_process import InProcess
    from tests.hostile.operation import Operation


@dataclass(frozen=True)
class Stage:
    api: InProcess
    redis: Redis
    log: io.StringIO

    async def suffer(self, operation: Operation) -> tuple[Outcome, Cost]:
        """Send an operation, to limits that are fresh, and count what it costs."""
        await self.redis.flushdb()
        outcome, made = Outcome(), operation.made()
        with counted(self.log, max_steps=operation.expected.bounds.steps) as cost:
            outcome = await self.api.send(made)
        return outcome, cost
