"""Whose a run is, for who works across tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver


class RunOwner(NamedTuple):
    """Whose a run is; None: the schedule's own. `reason` is why it was asked for."""

    seller_id: UUID | None
    reason: str


_FIND = """
SELECT seller_id, reason
FROM sync_runs
WHERE id = $1
"""


async def find_run_owner(driver: Driver, run_id: UUID) -> RunOwner | None:
    """Whose the run is; None: there is none."""
    row = await driver.fetchrow(_FIND, run_id)
    return RunOwner(*row) if row else None
