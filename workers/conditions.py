"""What must hold before background work is done: a clock that agrees with the database's, and a schema to work on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Mapping

    from app.services.context import Services
    from workers.health import Check


@asynccontextmanager
async def watching(services: Services) -> AsyncGenerator[None]:
    """Watch the conditions while the block runs."""
    async with services.clock.kept(), services.schema.kept():
        yield


def checks_of(services: Services) -> Mapping[str, Check]:
    """The same for `/readyz`."""
    return {"clock": services.clock.check, "schema": services.schema.check}


def work_is_allowed(services: Services) -> bool:
    """Whether all hold, as far as is known."""
    return services.clock.is_right and services.schema.is_right


async def until_allowed(services: Services) -> None:
    """Return once all hold."""
    while not work_is_allowed(services):
        await services.clock.until_right()
        await services.schema.until_right()


async def until_forbidden(services: Services) -> None:
    """Return once one of them does not hold."""
    await first_of(services.clock.until_wrong(), services.schema.until_wrong())


async def first_of(*waits: Coroutine[None, None, object]) -> None:
    """Return when one of these has returned, and cancel the others. Raises the error of one that failed."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()
