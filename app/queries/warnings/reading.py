"""Warnings of syncs as readers see them: of ad accounts and pages, their days put together, and of single jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from app.metrics.levels import Level
from app.vocabulary import Subject, SyncSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver

# Kinds of warning that are shown of an ad account or page: those that were seen last.
MOST_SHOWN = 50
# Days whose examples are shown.
_DAYS_SHOWN = 3


class ExampleRow(NamedTuple):
    """One thing that was odd: its platform's id, its day, and what was found. Each None where there is none."""

    external_id: str | None
    stat_date: date | None
    found: str | None


class WarningRow(NamedTuple):
    """One kind of oddity. The dates are of its first and last day; `things` are counted once a day."""

    source: SyncSource
    level: Level | None
    subject: Subject
    sentence: str
    things: int
    from_date: date | None
    to_date: date | None
    examples: tuple[ExampleRow, ...]
    first_seen_at: datetime
    last_seen_at: datetime


class JobFindings(NamedTuple):
    """What a job that has ended says of its warnings, as its result has them."""

    kind: str
    level: str | None
    ended_at: datetime
    warnings: Sequence[Mapping[str, Any]]


_LIST = f"""
WITH kinds AS (
  SELECT connection_id, source, level, subject, sentence,
         sum(things)::bigint AS things,
         min(stat_date) AS from_date,
         max(stat_date) AS to_date,
         (array_agg(stat_date ORDER BY stat_date DESC NULLS LAST))[1:{_DAYS_SHOWN}] AS days,
         to_jsonb((array_agg(examples ORDER BY stat_date DESC NULLS LAST))[1:{_DAYS_SHOWN}]) AS examples,
         min(first_seen_at) AS first_seen_at,
         max(last_seen_at) AS last_seen_at
  FROM sync_warnings
  WHERE seller_id = $1
    AND connection_id = ANY($2::uuid[])
  GROUP BY connection_id, source, level, subject, sentence
), placed AS (
  SELECT kinds.*,
         row_number() OVER (
           PARTITION BY connection_id
           ORDER BY last_seen_at DESC, things DESC, source, level, subject, sentence
         ) AS place
  FROM kinds
)
SELECT connection_id, source, level, subject, sentence, things, from_date, to_date, days, examples,
       first_seen_at, last_seen_at
FROM placed
WHERE place <= {MOST_SHOWN}
ORDER BY connection_id, place
"""

_LIST_OF_JOBS = """
SELECT id, kind, unit->>'level', ended_at, result->'warnings'
FROM jobs
WHERE seller_id = $1
  AND id = ANY($2::uuid[])
  AND ended_at IS NOT NULL
  AND jsonb_typeof(result->'warnings') = 'array'
"""


async def list_warnings(
    driver: Driver, seller_id: UUID, connection_ids: Sequence[UUID]
) -> dict[UUID, list[WarningRow]]:
    """What is odd of ad accounts and pages now, by their ids, what was seen last first."""
    found: dict[UUID, list[WarningRow]] = {connection_id: [] for connection_id in connection_ids}
    for record in await driver.fetch(_LIST, seller_id, list(connection_ids)):
        connection_id, source, level, subject, sentence, things, first, last, days, examples, *seen = record
        found[connection_id].append(
            WarningRow(
                source=SyncSource(source),
                level=None if level is None else Level(level),
                subject=Subject(subject),
                sentence=sentence,
                things=things,
                from_date=first,
                to_date=last,
                examples=tuple(
                    example
                    for day, of_day in zip(days, examples, strict=True)
                    for example in read_examples(of_day, day)
                ),
                first_seen_at=seen[0],
                last_seen_at=seen[1],
            )
        )
    return found


def read_examples(stored: Sequence[Mapping[str, str | None]], day: date | None) -> list[ExampleRow]:
    """Examples of one day, as they are stored."""
    return [ExampleRow(each["id"], day, each["found"]) for each in stored]


async def list_job_findings(driver: Driver, seller_id: UUID, job_ids: Sequence[UUID]) -> dict[UUID, JobFindings]:
    """Those of the jobs that have ended with warnings."""
    rows = await driver.fetch(_LIST_OF_JOBS, seller_id, list(job_ids))
    return {row[0]: JobFindings(*tuple(row)[1:]) for row in rows}
