"""Marks: the changes of status in the audit trail, ours and those that syncs saw, for the days of a series.

An event counts as a mark when its status really changed: to pause what is paused is recorded, but changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from app.metrics.levels import Level
from app.queries.lists.listings import Listing, matching_text
from app.queries.lists.selects import ROW
from app.queries.status_changes.status_changes import SEEN_STATUS
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver, Record
    from app.queries.lists.entities import EntityRow
    from app.queries.lists.parameters import Parameters

# The most annotations that are read of one entity or list, the newest; a chart can't show more.
MOST_MARKS = 1000

_COLUMNS = """event.created_at, event.id AS event_id, event.subject_id, event.subject_type,
               event.before ->> 'status' AS status_before, event.after ->> 'status' AS status_after,
               event.action"""
_MARK = """event.subject_type IN ('CAMPAIGN', 'ADSET', 'AD')
          AND event.before ->> 'status' <> event.after ->> 'status'"""


class LocalDays(NamedTuple):
    """The first and last day to look at, both included, as days of an IANA zone, of an entity or an ad account.

    `as_of` is the instant whose knowledge counts: what was marked later is not there yet. None: now.
    """

    id: UUID
    time_zone: str
    from_date: date
    to_date: date
    as_of: datetime | None = None


class StatusMark(NamedTuple):
    """A change of one entity's status. `at`: when we made it, or when a sync saw what was made on the platform."""

    at: datetime
    entity_id: UUID
    level: Level
    before: EntityStatus
    after: EntityStatus
    from_platform: bool


class ListedMark(NamedTuple):
    """A mark of a row of a list, and the row's ad account, whose zone says which day it is on."""

    account_id: UUID
    mark: StatusMark


_OF_ENTITIES = f"""
    WITH wanted AS (
        SELECT *
        FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[])
             WITH ORDINALITY AS asked (entity_id, since, until, place)
    )
    SELECT wanted.place, mark.*
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT {_COLUMNS}
        FROM audit_events AS event
        WHERE event.seller_id = $1
          AND event.subject_id = wanted.entity_id
          AND event.created_at >= wanted.since
          AND event.created_at < wanted.until
          AND {_MARK}
        ORDER BY event.created_at DESC, event.id DESC
        LIMIT {MOST_MARKS}
    ) AS mark
    ORDER BY wanted.place, mark.created_at, mark.event_id
    """


async def list_marks_of_entities(
    driver: Driver,
    seller_id: UUID,
    asked: Sequence[LocalDays],
) -> list[list[StatusMark]]:
    """The marks of each of these entities on its days, oldest first; the newest 1,000 of each. By one statement."""
    found: list[list[StatusMark]] = [[] for _ in asked]
    for record in await driver.fetch(_OF_ENTITIES, seller_id, *_instants(asked)):
        place: int = record["place"]
        found[place - 1].append(_mark(record))
    return found


async def list_marks_of_listings(
    driver: Driver,
    listings: Sequence[Listing[EntityRow]],
    accounts: Sequence[LocalDays],
    parameters: Parameters,
) -> list[list[ListedMark]]:
    """The marks of everything that each of these lists of one shape matches, oldest first; the newest 1,000 of each.

    What stands in none of `accounts` has no days and so no marks. By one statement.
    """
    text = _of_listings(listings, accounts, parameters)
    found: dict[UUID | None, list[ListedMark]] = {}
    for record in await driver.fetch(text, *parameters.values):
        found.setdefault(record["parent_id"], []).append(ListedMark(record["account_id"], _mark(record)))
    return [found.get(listing.parent and listing.parent.id, []) for listing in listings]


def _of_listings(
    listings: Sequence[Listing[EntityRow]],
    accounts: Sequence[LocalDays],
    parameters: Parameters,
) -> str:
    """Bounds for all accounts at once stand beside those of each, as only they reach the index by time."""
    types = ("uuid[]", "timestamptz[]", "timestamptz[]")
    bound = ", ".join(parameters.bind(values, kind) for values, kind in zip(_instants(accounts), types, strict=True))
    account = f"SELECT *\nFROM unnest({bound}) AS account (account_id, since, until)"
    matching = matching_text(listings, parameters, also=f", {ROW}.account_id")
    return parameters.complete(_NEWEST, account=account, matching=matching, mark=_OF_MATCHING)


_OF_MATCHING = f"""
    SELECT matching.parent_id, matching.account_id, {_COLUMNS},
           row_number() OVER (
               PARTITION BY matching.parent_id
               ORDER BY event.created_at DESC, event.id DESC
           ) AS place
    FROM matching
    JOIN account USING (account_id)
    JOIN audit_events AS event
      ON event.seller_id = $1
     AND event.subject_id = matching.id
     AND event.created_at >= account.since
     AND event.created_at < account.until
    WHERE event.created_at >= (SELECT min(since) FROM account)
      AND event.created_at < (SELECT max(until) FROM account)
      AND {_MARK}
    """
_NEWEST = f"""
    SELECT *
    FROM mark
    WHERE place <= {MOST_MARKS}
    ORDER BY created_at, event_id
    """


def _instants(asked: Sequence[LocalDays]) -> tuple[list[UUID], list[datetime], list[datetime]]:
    """Ids, the instants at which their first days start, and those at which their last days have ended."""
    return (
        [each.id for each in asked],
        [_start_of(each.from_date, each.time_zone) for each in asked],
        [_end_of(each) for each in asked],
    )


def _end_of(days: LocalDays) -> datetime:
    """The first instant that counts no more; PostgreSQL's instants are whole microseconds."""
    end = _start_of(days.to_date + timedelta(days=1), days.time_zone)
    return end if days.as_of is None else min(end, days.as_of + timedelta(microseconds=1))


def _start_of(day: date, time_zone: str) -> datetime:
    """Midnight: the first of two where clocks go back over it, and the moment of the leap where they skip it."""
    return datetime.combine(day, time.min, ZoneInfo(time_zone))


def _mark(record: Record) -> StatusMark:
    return StatusMark(
        at=record["created_at"],
        entity_id=record["subject_id"],
        level=Level[record["subject_type"]],
        before=EntityStatus(record["status_before"]),
        after=EntityStatus(record["status_after"]),
        from_platform=record["action"] == SEEN_STATUS,
    )
