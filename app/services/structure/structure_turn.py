"""One structure sync of an account at a time: the others wait for it, and do without one if it tells them enough."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import JobCancelledError, LeaseLostError
from app.queries.structure.turns import end_turn, take_turn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from app.services.jobs.execution import Lease

LOOK_AGAIN_SECONDS = 0.3


@asynccontextmanager
async def structure_turn(
    services: Services,
    connection: Connection,
    lease: Lease,
    *,
    since: datetime,
) -> AsyncGenerator[bool]:
    """True: the account's structure is ours to read until the block ends. False: it was asked for after `since`.

    Waits as long as another job that runs reads it. A job that dies loses its turn with its lease. Raises
    LeaseLostError.
    """
    while True:
        async with tenant_transaction(services.database.app, connection.seller_id) as driver:
            await lease.fence(driver)
            turn = await take_turn(driver, connection, lease.job.id)
        if turn.is_ours:
            break
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    try:
        yield turn.synced_at is None or not since <= turn.synced_at <= clock.now()
    finally:
        with suppress(LeaseLostError, JobCancelledError):  # then the turn is over with the job, or its next attempt's
            async with tenant_transaction(services.database.app, connection.seller_id) as driver:
                await lease.fence(driver)
                await end_turn(driver, connection, lease.job.id)
