"""The snapshots behind a number: those of one entity's day, and how days moved from one snapshot to a later one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

from app.event_loop.pieces import in_pieces
from app.metrics import expressions
from app.metrics.counters import Counters
from app.metrics.day_ends import offset_spans
from app.queries.lists.conditions import Plain
from app.queries.lists.listings import Listing, Parent
from app.queries.lists.orders import Order, SortKey
from app.queries.lists.selects import ROW
from app.queries.lists.sources import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver, Record
    from app.metrics.levels import Level


class SnapshotRow(NamedTuple):
    """One entity's day as the platform reported it at `fetched_at`; `id` is the entity's. Money in micros."""

    id: UUID
    fetched_at: datetime
    attribution_setting: str | None
    counters: Counters

    @classmethod
    def of(cls, entity_id: UUID, fetched_at: datetime, attribution_setting: str | None, *counters: int) -> Self:
        """From the columns of `SNAPSHOTS`."""
        return cls(entity_id, fetched_at, attribution_setting, Counters(*counters))


_COLUMNS = ("id", "fetched_at", "attribution_setting", *Counters._fields)
SNAPSHOTS = Source(
    name="SNAPSHOT",
    columns=", ".join(f"{ROW}.{name}" for name in _COLUMNS),
    row=SnapshotRow.of,
    table=f"(SELECT r.*, r.entity_id AS id FROM ad_stats_raw AS r) AS {ROW}",
    parents=(("ENTITY", f"{ROW}.entity_id"),),
)
# No two snapshots of one entity and day were fetched at the same instant.
NEWEST_FIRST = Order((SortKey("fetched_at", "timestamptz", descending=True),))


def snapshots_of(level: Level, entity_id: UUID, day: date, *, as_of: datetime | None) -> Listing[SnapshotRow]:
    """The snapshots of an entity's day that were there at an instant (None: now), the newest first."""
    conditions = (
        Plain(f"{ROW}.level = {{}}", int(level), "smallint"),
        Plain(f"{ROW}.stat_date = {{}}", day, "date"),
        *(() if as_of is None else (Plain(f"{ROW}.fetched_at <= {{}}", as_of, "timestamptz"),)),
    )
    return Listing(SNAPSHOTS, conditions, NEWEST_FIRST, Parent("ENTITY", entity_id))


class ZonedDays(NamedTuple):
    """An entity, the time zone of its account, and the first and last day."""

    entity_id: UUID
    time_zone: str
    from_date: date
    to_date: date


class DayMovement(NamedTuple):
    """How a day's numbers moved: `base` is an early snapshot, `latest` the newest."""

    stat_date: date
    snapshots: int
    first_at: datetime
    base_at: datetime
    latest_at: datetime
    base: Counters
    latest: Counters


_MOVEMENTS = """
    SELECT wanted.place, day.stat_date, day.snapshots, day.first_at, base.fetched_at, latest.fetched_at,
           {base},
           {latest}
    FROM unnest($2::int[], $3::uuid[], $4::date[], $5::date[], $6::interval[])
         AS wanted (place, entity_id, from_date, to_date, utc_offset)
    CROSS JOIN LATERAL (
        SELECT r.stat_date, count(*) AS snapshots, min(r.fetched_at) AS first_at, max(r.fetched_at) AS latest_at,
               max(r.fetched_at) FILTER (
                   WHERE $7
                     AND ((r.stat_date + 1)::timestamp - wanted.utc_offset) AT TIME ZONE 'UTC' <= $9::timestamptz
                     AND r.fetched_at <= ((r.stat_date + 1)::timestamp - wanted.utc_offset) AT TIME ZONE 'UTC'
               ) AS day_end_at
        FROM ad_stats_raw AS r
        WHERE r.seller_id = $1
          AND r.level = {level}
          AND r.entity_id = wanted.entity_id
          AND r.stat_date BETWEEN wanted.from_date AND wanted.to_date
          AND ($8::timestamptz IS NULL OR r.fetched_at <= $8)
        GROUP BY r.stat_date
    ) AS day
    JOIN ad_stats_raw AS base
      ON base.seller_id = $1
     AND base.level = {level}
     AND base.entity_id = wanted.entity_id
     AND base.stat_date = day.stat_date
     AND base.fetched_at = coalesce(day.day_end_at, day.first_at)
    JOIN ad_stats_raw AS latest
      ON latest.seller_id = $1
     AND latest.level = {level}
     AND latest.entity_id = wanted.entity_id
     AND latest.stat_date = day.stat_date
     AND latest.fetched_at = day.latest_at
    ORDER BY wanted.place, day.stat_date
    """


async def list_movements(
    driver: Driver,
    seller_id: UUID,
    level: Level,
    asked: Sequence[ZonedDays],
    *,
    since_day_end: bool,
    as_of: datetime | None,
    now: datetime,
) -> list[list[DayMovement]]:
    """The days of each entity that had snapshots at an instant (None: now), earliest first.

    By one statement. The base is the first snapshot; or, `since_day_end`, the newest of when the day ended in the
    account's zone, where it has ended by `now` and there was one by then.
    """
    text = _MOVEMENTS.format(
        level=int(level),
        base=expressions.select_list(expressions.columns_of("base")),
        latest=expressions.select_list(expressions.columns_of("latest")),
    )
    pieces = [
        (place, each.entity_id, *span)
        for place, each in enumerate(asked)
        for span in offset_spans(each.from_date, each.to_date, each.time_zone, days_after=1)
    ]
    columns = [list(column) for column in zip(*pieces, strict=True)]
    found: list[list[DayMovement]] = [[] for _ in asked]

    def put(record: Record) -> None:
        place: int
        place, *values = record
        found[place].append(_movement(values))

    await in_pieces(put, await driver.fetch(text, seller_id, *columns, since_day_end, as_of, now))
    return found


def _movement(values: list[Any]) -> DayMovement:
    """The day and its times, and the counters of both snapshots."""
    width = len(Counters._fields)
    stat_date, snapshots, first_at, base_at, latest_at = values[: -2 * width]
    base, latest = Counters(*values[-2 * width : -width]), Counters(*values[-width:])
    return DayMovement(stat_date, snapshots, first_at, base_at, latest_at, base, latest)
