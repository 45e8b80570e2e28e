"""Whose turn it is to read an account's structure from the platform: one job's at a time.

The turn is a job's id on the connection, good while that job runs, so that a worker that dies blocks no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection


class Turn(NamedTuple):
    """`synced_at` is when the platform was last asked for the structure that we have."""

    is_ours: bool
    synced_at: datetime | None


_TAKE = """
UPDATE fb_connections
SET structure_job_id = $3
WHERE seller_id = $1
  AND id = $2
  AND NOT EXISTS (
    SELECT FROM jobs
    WHERE jobs.seller_id = $1
      AND jobs.id = fb_connections.structure_job_id
      AND jobs.id <> $3
      AND jobs.state = 'RUNNING'
  )
RETURNING structure_synced_at
"""

_SYNCED_AT = """
SELECT structure_synced_at
FROM fb_connections
WHERE seller_id = $1
  AND id = $2
"""

_END = """
UPDATE fb_connections
SET structure_job_id = NULL
WHERE seller_id = $1
  AND id = $2
  AND structure_job_id = $3
"""


async def take_turn(driver: Driver, connection: Connection, job_id: UUID) -> Turn:
    """Ours now, unless another job that runs has it."""
    row = await driver.fetchrow(_TAKE, connection.seller_id, connection.id, job_id)
    if row is not None:
        return Turn(is_ours=True, synced_at=row["structure_synced_at"])
    return Turn(is_ours=False, synced_at=await driver.fetchval(_SYNCED_AT, connection.seller_id, connection.id))


async def end_turn(driver: Driver, connection: Connection, job_id: UUID) -> None:
    """Let others have it."""
    await driver.execute(_END, connection.seller_id, connection.id, job_id)
