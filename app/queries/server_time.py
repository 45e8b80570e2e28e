"""What time it is where all processes meet: in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.database.driver import Driver


async def find_server_time(driver: Driver) -> datetime:
    """The database's clock at this statement, not at the transaction's begin."""
    return await driver.fetchval("SELECT clock_timestamp()")
