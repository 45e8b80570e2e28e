"""What is known of how fresh a seller's numbers are: of its ad accounts as such, and of days of theirs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from app.metrics.day_ends import day_end, offset_spans
from app.metrics.levels import Level
from app.metrics.ranges import RESTATEMENT_DAYS
from app.queries.jobs.failing_work import TOKEN_CHECK
from app.vocabulary import ConnectionHealth, ConnectionKind, ConnectionTrouble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from app.database.driver import Driver


class FailureFacts(NamedTuple):
    """Work of an account that failed for good in each of the last `rounds`; it began `since`.

    `is_outdated`: the platform has dropped the version or a field, for all accounts alike.
    """

    work: str
    error_class: str
    reason: str
    rounds: int
    since: datetime
    is_outdated: bool


class AccountSyncFacts(NamedTuple):
    """An ad account and its syncs.

    `covered` is by level: until when its numbers are known, None where no day was ever fetched. `trouble` is why the
    platform refuses the account, None where it does not or is not known.
    """

    account_id: UUID
    time_zone: str
    is_active: bool
    is_healthy: bool
    created_at: datetime
    structure_synced_at: datetime | None
    token_expires_at: datetime | None
    stretch: int
    moves: bool
    paused_until: datetime | None
    trouble: ConnectionTrouble | None
    covered: Mapping[Level, datetime | None]
    failures: Sequence[FailureFacts] = ()


class FetchedDays(NamedTuple):
    """Days of one account at one level, in its time zone."""

    account_id: UUID
    level: Level
    from_date: date
    to_date: date
    time_zone: str


class FetchFacts(NamedTuple):
    """How many of them were fetched, whether all of these after they became final, and the account's first day."""

    days: int
    since_final: bool
    first_day: date | None


# The newest day of a level that was fetched.
_NEWEST = """
SELECT fetches.fetched_at, fetches.stat_date
FROM stats_fetches AS fetches
WHERE fetches.seller_id = $1
  AND fetches.account_id = accounts.id
  AND fetches.level = levels.level
ORDER BY fetches.stat_date DESC
LIMIT 1
"""

_MOVES = """
SELECT FROM campaigns
WHERE campaigns.seller_id = $1
  AND campaigns.account_id = accounts.id
  AND (campaigns.status IN ('ACTIVE', 'PAUSED', 'UNKNOWN') OR campaigns.archived_at >= $2::timestamptz - $4::interval)
"""

# Before its structure is known, nothing else of an account is asked for.
_PAUSED_UNTIL = """
SELECT max(until)
FROM (
  SELECT paused_until AS until
  FROM call_pauses
  WHERE call_pauses.seller_id = $1
    AND (
      call_pauses.scope IN ('connection/' || accounts.id::text, 'connection/' || accounts.id::text || '/ADS_INSIGHTS')
      OR (
        call_pauses.scope = 'connection/' || accounts.id::text || '/ADS_MANAGEMENT'
        AND accounts.structure_synced_at IS NULL
      )
    )
  UNION ALL
  SELECT jobs.run_at
  FROM jobs
  WHERE jobs.seller_id = $1
    AND jobs.connection_id = accounts.id
    AND jobs.state = 'PARKED'
    AND (jobs.use_case = 'ADS_INSIGHTS' OR accounts.structure_synced_at IS NULL)
) AS pauses
WHERE until > $2::timestamptz
"""

_FAILURES = f"""
SELECT coalesce(jsonb_agg(to_jsonb(failing) ORDER BY failing.work), '[]')
FROM failing_work AS failing
WHERE failing.seller_id = $1
  AND failing.connection_id = accounts.id
  AND failing.work <> '{TOKEN_CHECK}'
"""

_ACCOUNTS = f"""
SELECT accounts.id,
       accounts.time_zone,
       accounts.is_active,
       accounts.health = '{ConnectionHealth.HEALTHY}' AS is_healthy,
       accounts.created_at,
       accounts.structure_synced_at,
       accounts.token_expires_at,
       accounts.stats_stretch,
       EXISTS ({_MOVES}) AS moves,
       ({_PAUSED_UNTIL}) AS paused_until,
       accounts.health_class,
       newest.fetched,
       newest.days,
       ({_FAILURES}) AS failures
FROM fb_connections AS accounts
CROSS JOIN LATERAL (
  SELECT array_agg(of_level.fetched_at ORDER BY levels.place) AS fetched,
         array_agg(of_level.stat_date ORDER BY levels.place) AS days
  FROM unnest($3::smallint[]) WITH ORDINALITY AS levels (level, place)
  LEFT JOIN LATERAL ({_NEWEST}) AS of_level ON true
) AS newest
WHERE accounts.seller_id = $1
  AND accounts.kind = '{ConnectionKind.AD_ACCOUNT}'
"""


async def list_sync_facts(driver: Driver, seller_id: UUID, *, now: datetime) -> list[AccountSyncFacts]:
    """All ad accounts of the seller as of `now`."""
    levels = list(Level)
    rows = await driver.fetch(
        _ACCOUNTS, seller_id, now, [level.value for level in levels], timedelta(days=RESTATEMENT_DAYS)
    )
    return [
        AccountSyncFacts(
            account_id=row["id"],
            time_zone=row["time_zone"],
            is_active=row["is_active"],
            is_healthy=row["is_healthy"],
            created_at=row["created_at"],
            structure_synced_at=row["structure_synced_at"],
            token_expires_at=row["token_expires_at"],
            stretch=row["stats_stretch"],
            moves=row["moves"],
            paused_until=row["paused_until"],
            trouble=ConnectionTrouble(row["health_class"]) if row["health_class"] else None,
            covered={
                level: _covered(fetched_at, day, row["time_zone"])
                for level, fetched_at, day in zip(levels, row["fetched"], row["days"], strict=True)
            },
            failures=[_failure(each) for each in row["failures"]],
        )
        for row in rows
    ]


def _covered(fetched_at: datetime | None, day: date | None, time_zone: str) -> datetime | None:
    """A day's numbers are known until its end at the latest, whenever they were fetched."""
    return None if fetched_at is None or day is None else min(fetched_at, day_end(day, time_zone))


def _failure(row: Mapping[str, Any]) -> FailureFacts:
    return FailureFacts(
        work=row["work"],
        error_class=row["error_class"],
        reason=row["reason"],
        rounds=row["rounds"],
        since=datetime.fromisoformat(row["first_failed_at"]),
        is_outdated=row["ask_again_at"] is not None,
    )


# Days after its beginning after which a day is final.
_FINAL_AFTER = RESTATEMENT_DAYS + 1
# $6: how far the wanted days' ends are from UTC. `since_final` is null where no day was fetched.
_FETCHES = f"""
SELECT wanted.asked,
       found.days,
       found.since_final,
       (
         SELECT first.stat_date
         FROM stats_fetches AS first
         WHERE first.seller_id = $1
           AND first.account_id = wanted.account_id
           AND first.level = wanted.level
         ORDER BY first.stat_date
         LIMIT 1
       ) AS first_day
FROM unnest($2::uuid[], $3::smallint[], $4::date[], $5::date[], $6::interval[], $7::int[])
  WITH ORDINALITY AS wanted (account_id, level, from_date, to_date, utc_offset, asked, place)
CROSS JOIN LATERAL (
  SELECT count(*) AS days,
         bool_and(
           fetches.fetched_at
             >= ((fetches.stat_date + {_FINAL_AFTER})::timestamp - wanted.utc_offset) AT TIME ZONE 'UTC'
         ) AS since_final
  FROM stats_fetches AS fetches
  WHERE fetches.seller_id = $1
    AND fetches.account_id = wanted.account_id
    AND fetches.level = wanted.level
    AND fetches.stat_date BETWEEN wanted.from_date AND wanted.to_date
) AS found
ORDER BY wanted.place
"""


async def list_fetch_facts(driver: Driver, seller_id: UUID, wanted: Sequence[FetchedDays]) -> list[FetchFacts]:
    """What was fetched of these days, in their order."""
    if not wanted:
        return []
    pieces = [
        (days.account_id, days.level.value, *span, place)
        for place, days in enumerate(wanted)
        for span in offset_spans(days.from_date, days.to_date, days.time_zone, days_after=_FINAL_AFTER)
    ]
    found: list[list[FetchFacts]] = [[] for _ in wanted]
    for row in await driver.fetch(_FETCHES, seller_id, *map(list, zip(*pieces, strict=True))):
        asked: int = row["asked"]
        found[asked].append(FetchFacts(row["days"], row["since_final"], row["first_day"]))
    return [_together(each) for each in found]


def _together(pieces: Sequence[FetchFacts]) -> FetchFacts:
    """The facts of days that were asked about in pieces."""
    fetched = [piece for piece in pieces if piece.days]
    return FetchFacts(
        sum(piece.days for piece in fetched),
        bool(fetched) and all(piece.since_final for piece in fetched),
        pieces[0].first_day,
    )
