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

EVERY_SECONDS = 1.0
NEVER = 1_000_000_000
# Collections of younger objects, some 7,000 objects each, after which a full one is worth its time, and after which it
# runs whatever else does: 20 million objects may have been left to it by then.
WORTH, MOST = 30, 3_000


@asynccontextmanager
async def full_collections_between(precedence: Precedence) -> AsyncGenerator[None]:
    """Within, full collections run when no heavy work does."""
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
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        if is_due(gc.get_count()[2], heavy=precedence.heavy > 0):
            gc.collect()


def is_due(younger: int, *, heavy: bool) -> bool:
    """Whether a full collection should run after this number of collections of younger objects."""
    return younger >= (MOST if heavy else WORTH)
