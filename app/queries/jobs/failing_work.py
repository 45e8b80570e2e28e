"""Work of ad accounts and pages that fails for good in each round: noted with each failure, gone with a success.

Work for which the platform refuses the installation (`Failing.is_outdated`: its version, app or a field) is asked for
by the schedule only now and then, in growing steps and for one account at a time: what it says of one it says of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.vocabulary import SyncSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from app.database.driver import Driver


TOKEN_CHECK = "TOKEN_CHECK"  # noqa: S105  # work, not a token
"""The one kind of work here that brings no numbers. It is outdated where the platform refuses our own app."""


class WorkKey(NamedTuple):
    """Whose work it is, and which: a source, of insights with the level, such as `INSIGHTS/AD`, or `TOKEN_CHECK`."""

    seller_id: UUID
    connection_id: UUID
    work: str


class WorkFailure(NamedTuple):
    """`reason` is a sentence without secrets."""

    error_class: str
    error_code: int | None
    reason: str
    is_outdated: bool


class OutdatedWork(NamedTuple):
    """What the platform has dropped, as it says so; how many connections it says it to, and when one asks again."""

    reason: str
    error_code: int | None
    works: Sequence[str]
    connections: int
    since: datetime
    ask_again_at: datetime

    @property
    def is_about_app(self) -> bool:
        """The platform has dropped nothing: it refuses the app that META_APP_ID and META_APP_SECRET say we are."""
        return list(self.works) == [TOKEN_CHECK]


_NOTE = """
INSERT INTO failing_work AS old (seller_id, connection_id, work, error_class, error_code, reason, rounds, ask_again_at,
                                 first_failed_at, last_failed_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, CASE WHEN $7 THEN now() + $8::interval END, now(), now())
ON CONFLICT (seller_id, connection_id, work) DO UPDATE
SET error_class = excluded.error_class,
    error_code = excluded.error_code,
    reason = excluded.reason,
    rounds = old.rounds + 1,
    ask_again_at = CASE WHEN $7 THEN now() + least($8::interval * power(2, least(old.rounds, 20)), $9::interval) END,
    last_failed_at = now()
"""

_REASON = """
SELECT reason
FROM failing_work
WHERE seller_id = $1
  AND connection_id = $2
  AND work = $3
"""

_FORGET = """
DELETE FROM failing_work
WHERE seller_id = $1
  AND connection_id = $2
  AND work = $3
RETURNING ask_again_at
"""

_ASK_ALL = """
UPDATE failing_work
SET ask_again_at = now()
WHERE ask_again_at > now()
  AND split_part(work, '/', 1) = split_part($1, '/', 1)
"""

# Among connections with the same refusal, the one that has waited longest asks for all of them when it is due.
_HELD = """
SELECT connection_id
FROM (
  SELECT connection_id,
         max(ask_again_at) AS ask_again_at,
         row_number() OVER (PARTITION BY min(reason) ORDER BY max(ask_again_at), connection_id) AS place
  FROM failing_work
  WHERE ask_again_at IS NOT NULL
    AND split_part(work, '/', 1) = $1
  GROUP BY connection_id
) AS outdated
WHERE ask_again_at > now()
   OR place > 1
"""

_OUTDATED = """
SELECT reason,
       min(error_code) AS error_code,
       array_agg(DISTINCT work ORDER BY work) AS works,
       count(DISTINCT connection_id) AS connections,
       min(first_failed_at) AS since,
       min(ask_again_at) AS ask_again_at
FROM failing_work
WHERE ask_again_at IS NOT NULL
GROUP BY reason
ORDER BY connections DESC, reason
LIMIT $1
"""

_COUNT = f"""
SELECT split_part(work, '/', 1) AS source, count(DISTINCT connection_id) AS connections
FROM failing_work
WHERE ask_again_at IS NOT NULL
  AND work <> '{TOKEN_CHECK}'
GROUP BY source
"""


_FORGET_APP_REFUSALS = f"""
DELETE FROM failing_work
WHERE work = '{TOKEN_CHECK}'
"""

_IS_APP_REFUSED = f"""
SELECT EXISTS (
  SELECT FROM failing_work
  WHERE work = '{TOKEN_CHECK}'
    AND ask_again_at > now()
)
"""


async def forget_app_refusals(driver: Driver) -> None:
    """The platform accepts our app, whichever connection's token it was asked about."""
    await driver.execute(_FORGET_APP_REFUSALS)


async def is_app_refused(driver: Driver) -> bool:
    """Whether the platform refused our app so lately that it is not asked yet."""
    return await driver.fetchval(_IS_APP_REFUSED)


async def note_failure(
    driver: Driver, key: WorkKey, failure: WorkFailure, *, first_pause: timedelta, longest_pause: timedelta
) -> None:
    """One more round failed. What is outdated is asked for again after `first_pause`, then after twice as long."""
    await driver.execute(_NOTE, *key, *failure, first_pause, longest_pause)


async def find_failure_reason(driver: Driver, key: WorkKey) -> str | None:
    """Why the work failed in the round before; None where it succeeded or was never done."""
    return await driver.fetchval(_REASON, *key)


async def forget_failure(driver: Driver, key: WorkKey) -> None:
    """The work succeeded. If it was outdated, it is so no longer for anybody: all ask again."""
    gone = await driver.fetchrow(_FORGET, *key)
    if gone is not None and gone["ask_again_at"] is not None:
        await driver.execute(_ASK_ALL, key.work)


async def list_held(driver: Driver, source: SyncSource) -> frozenset[UUID]:
    """Connections for which the schedule does not ask the platform for this now; of all sellers."""
    return frozenset(row["connection_id"] for row in await driver.fetch(_HELD, source))


async def list_outdated(driver: Driver, *, limit: int) -> list[OutdatedWork]:
    """What the platform has dropped, of all sellers; one for each of its sentences."""
    return [OutdatedWork(*row) for row in await driver.fetch(_OUTDATED, limit)]


async def count_outdated(driver: Driver) -> dict[SyncSource, int]:
    """By what is fetched: for how many connections the platform has dropped it."""
    return {SyncSource(row["source"]): row["connections"] for row in await driver.fetch(_COUNT)}
