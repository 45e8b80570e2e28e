"""The seller that a run belongs to, for callers that work across tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.vocabulary import RunOrigin

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver


class RunOwner(NamedTuple):
    """`seller_id` is None for a run of the schedule's own. `reason` is why the run was requested."""

    seller_id: UUID | None
    reason: str
    origin: RunOrigin


_FIND = """
SELECT seller_id, reason, origin
FROM sync_runs
WHERE id = $1
"""


async def find_run_owner(driver: Driver, run_id: UUID) -> RunOwner | None:
    """None if there is no such run."""
    row = await driver.fetchrow(_FIND, run_id)
    return RunOwner(*row)._replace(origin=RunOrigin(row["origin"])) if row else None
