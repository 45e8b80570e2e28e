"""Warnings of syncs: what was odd when an ad account or a page was read last. One row for a sentence and day.

A job replaces what it has seen again. Only a job that succeeded clears the rest: what it read without finding anything
odd. `app.queries.warnings.reading` is the readers' side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from app.identifiers import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, timedelta
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.levels import Level
    from app.vocabulary import Subject, SyncSource


class WarningScope(NamedTuple):
    """What a job has read. Days are in the account's zone, both included; None where it reads no days."""

    seller_id: UUID
    connection_id: UUID
    source: SyncSource
    level: Level | None
    from_date: date | None
    to_date: date | None


class NewWarning(NamedTuple):
    """A kind of oddity to be stored; `examples` are objects with `id` and `found`."""

    subject: Subject
    sentence: str
    stat_date: date | None
    things: int
    examples: Sequence[Mapping[str, str | None]]


# What has no day is looked at by every job of its scope, what has one by those that read the day.
_REPLACE = """
WITH seen AS (
  SELECT *
  FROM unnest($9::uuid[], $10::text[], $11::text[], $12::date[], $13::int[], $14::text[])
    AS seen (id, subject, sentence, stat_date, things, examples)
), replaced AS (
  DELETE FROM sync_warnings AS known
  WHERE known.seller_id = $1
    AND known.connection_id = $2
    AND known.source = $3
    AND known.level IS NOT DISTINCT FROM $4::smallint
    AND (
      $8::boolean AND (known.stat_date IS NULL OR $5::date IS NULL OR known.stat_date BETWEEN $5::date AND $6::date)
      OR EXISTS (
        SELECT FROM seen
        WHERE seen.subject = known.subject
          AND seen.sentence = known.sentence
          AND seen.stat_date IS NOT DISTINCT FROM known.stat_date
      )
    )
  RETURNING known.subject, known.sentence, known.stat_date, known.first_seen_at
)
INSERT INTO sync_warnings (seller_id, id, connection_id, job_id, source, level, subject, sentence, stat_date, things,
                           examples, first_seen_at, last_seen_at)
SELECT $1, seen.id, $2, $7::uuid, $3, $4::smallint, seen.subject, seen.sentence, seen.stat_date, seen.things,
       seen.examples::jsonb, coalesce(before.first_seen_at, now()), now()
FROM seen
LEFT JOIN replaced AS before ON before.subject = seen.subject
                            AND before.sentence = seen.sentence
                            AND before.stat_date IS NOT DISTINCT FROM seen.stat_date
"""

_FORGET = """
DELETE FROM sync_warnings
WHERE (seller_id, id) IN (
  SELECT seller_id, id
  FROM sync_warnings
  WHERE last_seen_at < now() - $1::interval
  LIMIT $2
)
"""


async def replace_warnings(
    driver: Driver, scope: WarningScope, warnings: Sequence[NewWarning], *, job_id: UUID, succeeded: bool
) -> None:
    """Store what a job has seen in place of what was known; `succeeded`: what it did not see again is over."""
    columns = [[getattr(warning, name) for warning in warnings] for name in NewWarning._fields[:-1]]
    examples = [orjson.dumps(list(warning.examples)).decode() for warning in warnings]
    ids = [new_id() for _ in warnings]
    await driver.execute(_REPLACE, *scope, job_id, succeeded, ids, *columns, examples)


async def forget_warnings(driver: Driver, *, unseen_for: timedelta, limit: int) -> int:
    """Delete warnings that no job has seen for so long, at most `limit`; answers how many."""
    return int((await driver.execute(_FORGET, unseen_for, limit)).split()[-1])
