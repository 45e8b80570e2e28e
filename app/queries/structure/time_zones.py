"""Time zones as the database knows them. Its list is its own, and may lack what this process knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.database.driver import Driver

# The view reads hundreds of files: it is for zones that are new, and not for every question.
_KNOWS = """
SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1)
"""


async def knows_time_zone(driver: Driver, name: str) -> bool:
    """Whether the database knows a zone under this IANA name."""
    return await driver.fetchval(_KNOWS, name)
