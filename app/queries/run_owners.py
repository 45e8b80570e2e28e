"""Whose a run is, for who works across tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver

_FIND = """
SELECT seller_id
FROM sync_runs
WHERE id = $1
"""


async def find_run_owner(driver: Driver, run_id: UUID) -> UUID | None:
    """The seller of a run; None for a run of nobody's, and for none."""
    return await driver.fetchval(_FIND, run_id)
