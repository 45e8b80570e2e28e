"""Keeps the process from working on a connection that row-level security does not hold back.

The check at start is skipped while the server is away, and a failover may lead to a server with other roles. So the
role is checked whenever a connection is made, before its first use.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import event

from app.database.roles import check_driver_role

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver

SECONDS = 10.0


def guard_role(engine: AsyncEngine, *, setting: str) -> AsyncEngine:
    """From now on, connecting raises UnsafeRoleError for such a role."""

    async def check(driver: Driver) -> None:
        async with asyncio.timeout(SECONDS):
            await check_driver_role(driver, setting=setting)

    def connected(connection: DBAPIConnection, _record: object) -> None:
        connection.run_async(check)

    event.listen(engine.sync_engine, "connect", connected)
    return engine
