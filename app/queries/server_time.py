"""The current time by the database's clock, which all processes share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.database.driver import Driver


async def find_server_time(driver: Driver) -> datetime:
    """The database's time at this statement, not at the start of the transaction."""
    return await driver.fetchval("SELECT clock_timestamp()")
