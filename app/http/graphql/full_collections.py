"""When the garbage collector looks through all objects: between heavy operations, not in the middle of one.

A large answer is a million objects that are needed until it is sent. Python starts a full collection whenever there are
a quarter more of them than at the last one, several times for one answer, and each holds the event loop for up to half
a second. What goes by its reference count, which is nearly everything, needs none.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.services.limits.precedence import Precedence

__all__ = ["full_collections_between"]

EVERY_SECONDS, SOON_SECONDS = 1.0, 0.02
NEVER = 1_000_000_000
# Collections of younger objects, some 7,000 objects each, after which a full one is worth its time: when no operation
# runs, and when only light ones do. After the last it runs whatever else does: 20 million objects may have been left to
# it by then.
WORTH, LATE, MOST = 10, 300, 3_000
# Collections of younger objects after which a full one is worth its time when no operation ran at the last look either.
# Without it, what the last operations left in cycles would stay until the next request.
WORTH_AT_REST = 1
# Objects that a full collection looks at in 5 ms, or 10 on a slow machine.
MANY = 20_000
# After this long, the next collection between operations looks at all of them again: connections that were open when
# they were set aside may have left cycles since.
THAW_SECONDS = 3600.0


@asynccontextmanager
async def full_collections_between(precedence: Precedence) -> AsyncGenerator[None]:
    """Within, full collections run when no heavy work does, and between operations if there is such a moment."""
    before = gc.get_threshold()
    gc.set_threshold(before[0], before[1], NEVER)
    collecting = asyncio.create_task(_keep_collecting(precedence))
    try:
        yield
    finally:
        gc.set_threshold(*before)
        collecting.cancel()
        with suppress(asyncio.CancelledError):
            await collecting


async def _keep_collecting(precedence: Precedence) -> None:
    time = asyncio.get_running_loop().time
    thaws_at = time() + THAW_SECONDS
    was_idle = False
    while True:
        younger, idle = gc.get_count()[2], precedence.is_idle
        if is_due(younger, light=not idle, heavy=precedence.heavy > 0, at_rest=idle and was_idle):
            if idle and time() >= thaws_at:
                gc.unfreeze()
                thaws_at = time() + THAW_SECONDS
            collect(idle=idle)
            younger = 0
        was_idle = idle
        await asyncio.sleep(EVERY_SECONDS if younger < WORTH else SOON_SECONDS)


def is_due(younger: int, *, light: bool, heavy: bool, at_rest: bool) -> bool:
    """Whether a full collection should run after this number of collections of younger objects, beside what runs."""
    return younger >= (MOST if heavy else LATE if light else WORTH_AT_REST if at_rest else WORTH)


def collect(*, idle: bool) -> None:
    """Run a full collection. What many objects are left between operations, it need not look at again.

    They are documents that are kept, and open connections: these go by their reference counts. Part of an operation
    might be left in a cycle, and would stay for ever.
    """
    gc.collect()
    if idle and len(gc.get_objects()) > MANY:
        gc.freeze()
