"""Until when the platform wants no call: of the app, of a connection, of a connection for one use case.

Written by the job core; `app.queries.jobs.claims` asks it at every claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from app.queries.jobs.requests import WAITING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from app.database.driver import Driver


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """No call under `scope` for `wait`. `seller_id` is whose it is to see; None for a pause of the whole app."""

    scope: str
    seller_id: UUID | None
    wait: timedelta
    reason: str
    error_code: int | None


_PAUSED_UNTIL = """
SELECT max(pauses.paused_until)
FROM call_pauses AS pauses
WHERE pauses.scope = ANY(jobs.pause_scopes)
  AND pauses.paused_until > now()
"""
# When a waiting job may go on: its time, or the end of the longest pause that holds it.
HELD_UNTIL = f"greatest(jobs.run_at, ({_PAUSED_UNTIL}))"
# The same as a tenant, its seller being $1, sees it: without pauses of a whole app.
HELD_UNTIL_FOR_SELLER = f"greatest(jobs.run_at, ({_PAUSED_UNTIL} AND pauses.seller_id = $1))"

_NOTE = """
INSERT INTO call_pauses AS old (scope, seller_id, paused_until, reason, error_code, noted_at)
VALUES ($1, $2, now() + $3::interval, $4, $5, now())
ON CONFLICT (scope) DO UPDATE
SET paused_until = excluded.paused_until,
    reason = excluded.reason,
    error_code = excluded.error_code,
    noted_at = excluded.noted_at
WHERE old.paused_until < excluded.paused_until
"""

# In the order in which requests for work lock live jobs, so that neither waits for the other for ever.
_LOCK_HELD_BACK = f"""
SELECT id
FROM jobs
WHERE id = $1
   OR (connection_id = $2 AND state IN {WAITING} AND $3 = ANY(pause_scopes) AND run_at < now() + $4::interval)
ORDER BY key
FOR NO KEY UPDATE
"""

_PARK_HELD_BACK = f"""
WITH parked AS (
  UPDATE jobs
  SET state = 'PARKED', run_at = {HELD_UNTIL}, sent_at = NULL, error_class = 'THROTTLED', error_reason = $4
  WHERE connection_id = $1
    AND state IN {WAITING}
    AND $2 = ANY(pause_scopes)
    AND run_at < now() + $3::interval
  RETURNING 1
)
SELECT count(*)
FROM parked
"""

# Locked in the order in which requests for work lock live jobs.
_LET_GO = """
WITH parked AS (
  SELECT id
  FROM jobs
  WHERE connection_id = $1
    AND state = 'PARKED'
  ORDER BY key
  FOR NO KEY UPDATE
)
UPDATE jobs
SET state = 'QUEUED', run_at = now(), sent_at = NULL, pause_scopes = '{}'
FROM parked
WHERE jobs.id = parked.id
RETURNING jobs.id
"""

_FORGET = """
DELETE FROM call_pauses
WHERE paused_until < now() - interval '1 day'
"""


_FIND = """
SELECT paused_until, reason
FROM call_pauses
WHERE scope = ANY($1::text[])
  AND paused_until > now()
ORDER BY paused_until DESC
LIMIT 1
"""


class PauseInForce(NamedTuple):
    """No call before `until`."""

    until: datetime
    reason: str


async def find_pause(driver: Driver, scopes: Sequence[str]) -> PauseInForce | None:
    """The longest pause in force under these scopes. Only the job core sees one of the whole app."""
    row = await driver.fetchrow(_FIND, list(scopes))
    return PauseInForce(*row) if row else None


async def note_pause(driver: Driver, pause: Pause) -> None:
    """Remember the pause; of two for one scope the longer one counts."""
    await driver.execute(_NOTE, pause.scope, pause.seller_id, pause.wait, pause.reason, pause.error_code)


async def lock_held_back(driver: Driver, pause: Pause, *, job_id: UUID, connection_id: UUID) -> None:
    """Lock a job and what waits for the same connection under the pause, in the order of requests for work."""
    await driver.fetch(_LOCK_HELD_BACK, job_id, connection_id, pause.scope, pause.wait)


async def park_held_back(driver: Driver, pause: Pause, *, connection_id: UUID) -> int:
    """Park what waits for this connection under the pause, which is noted already, until nothing holds it any more.

    What waits for others is parked when it is claimed.
    Answers how many jobs those are.
    """
    return await driver.fetchval(_PARK_HELD_BACK, connection_id, pause.scope, pause.wait, pause.reason)


async def let_parked_go(driver: Driver, connection_id: UUID) -> int:
    """Queue what is parked for this connection at once, whatever pauses there are. Answers how many jobs those are."""
    return len(await driver.fetch(_LET_GO, connection_id))


async def forget_pauses(driver: Driver) -> None:
    """Remove pauses that have been over for a day."""
    await driver.execute(_FORGET)
