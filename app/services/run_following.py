"""Following work as it goes on: values come after each change, and every few seconds whether a nudge came or not.

Nothing is held between two values: each is read over a connection that is given back at once. Values that nobody takes
are not made, so whoever is slow misses steps and never the last one. A database that is away for a while is waited for.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from app.database.outage import is_outage
from app.database.transactions import read_snapshot
from app.queries.synced_stats import list_synced_stats, read_clock
from app.services.run_progress import get_run_progress

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.queries.synced_stats import SyncedStats
    from app.services.context import Services
    from app.services.run_progress import RunProgress

_Read = TypeVar("_Read")

# Without a nudge, how soon a change is seen; and the least time between two values.
LOOK_EVERY_SECONDS = 3.0
LEAST_SECONDS_BETWEEN = 0.25
# How long the database may be away, and how soon it is asked again.
PATIENCE_SECONDS = 120.0
TRY_AGAIN_SECONDS = 1.0
# Two jobs may end in one order and be seen in the other; this far back is looked again.
_LOOK_BACK = timedelta(seconds=30)


async def _patiently(read: Callable[[], Awaitable[_Read]]) -> _Read:
    """What is read; while the database is away it is waited for, and nothing told meanwhile."""
    since = monotonic()
    while True:
        try:
            return await read()
        except Exception as error:
            if not is_outage(error) or monotonic() - since > PATIENCE_SECONDS:
                raise
        await asyncio.sleep(TRY_AGAIN_SECONDS)


async def follow_run(services: Services, *, seller_id: UUID, run_id: UUID) -> AsyncGenerator[RunProgress]:
    """A run's progress, the first value at once; ends after the value that says that the run has ended.

    Raises NotFoundError when the run is not (or no longer) the seller's.
    """
    with services.progress.listen(seller_id, run_id) as nudge:
        while True:
            progress = await _patiently(lambda: get_run_progress(services, seller_id=seller_id, run_id=run_id))
            yield progress
            if progress.has_ended:
                return
            await asyncio.sleep(LEAST_SECONDS_BETWEEN)
            await nudge.wait(at_most=LOOK_EVERY_SECONDS)


async def follow_synced_stats(services: Services, *, seller_id: UUID) -> AsyncGenerator[SyncedStats]:
    """Each piece of statistics that is fetched from now on, oldest first; never ends by itself."""
    async with read_snapshot(services.database.app, seller_id) as driver:
        since = await read_clock(driver)
    told: set[UUID] = set()
    with services.progress.listen(seller_id) as nudge:
        while True:
            found = await _patiently(partial(_list_synced, services, seller_id, since))
            for synced in found:
                if synced.job_id not in told:
                    yield synced
            if found:
                since = max(since, found[-1].synced_at - _LOOK_BACK)
            told = {synced.job_id for synced in found}
            await asyncio.sleep(LEAST_SECONDS_BETWEEN)
            await nudge.wait(at_most=LOOK_EVERY_SECONDS)


async def _list_synced(services: Services, seller_id: UUID, since: datetime) -> Sequence[SyncedStats]:
    async with read_snapshot(services.database.app, seller_id) as driver:
        return await list_synced_stats(driver, seller_id, since=since)
