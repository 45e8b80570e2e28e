"""How the days of entities moved from one snapshot to the newest one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from app.event_loop.pieces import give_way, in_pieces
from app.queries.numbers.snapshots import DayMovement, ZonedDays, list_movements
from app.services.reads.metrics import MetricsReading, reading_of_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.counters import Counters
    from app.metrics.levels import Level
    from app.metrics.periods import Period
    from app.services.reads.calendar import Calendar


class RestatementRequest(NamedTuple):
    """One entity's days that have snapshots; compared with the first snapshot, or with that of the day's end."""

    level: Level
    entity_id: UUID
    account_id: UUID
    period: Period
    since_day_end: bool


class RestatementReading(NamedTuple):
    """A day as it was reported early and as it is reported now."""

    movement: DayMovement
    base: MetricsReading
    latest: MetricsReading


async def load_restatements(
    driver: Driver, seller_id: UUID, calendar: Calendar, asked: Sequence[RestatementRequest]
) -> list[tuple[RestatementReading, ...]]:
    """Of entities of one level, known at one instant.

    Raises InputError naming `range` for days whose snapshots are no longer kept.
    """
    wanted = [_days(calendar, request) for request in asked]
    level, as_of = asked[0].level, asked[0].period.as_of
    found = await list_movements(
        driver,
        seller_id,
        level,
        wanted,
        since_day_end=asked[0].since_day_end,
        as_of=as_of,
        now=as_of or calendar.now,
    )
    readings: list[tuple[RestatementReading, ...]] = []
    for request, of_one in zip(asked, found, strict=True):
        readings.append(tuple(await in_pieces(partial(_reading, calendar, request), of_one)))
        await give_way()
    return readings


def _days(calendar: Calendar, request: RestatementRequest) -> ZonedDays:
    days = calendar.kept(request.period, request.account_id)
    time_zone = calendar.accounts[request.account_id].time_zone
    return ZonedDays(request.entity_id, time_zone, days.from_date, days.to_date)


def _reading(calendar: Calendar, request: RestatementRequest, movement: DayMovement) -> RestatementReading:
    def reading(counters: Counters, fetched_at: datetime) -> MetricsReading:
        return reading_of_snapshot(
            calendar,
            request.level,
            request.account_id,
            movement.stat_date,
            counters,
            fetched_at,
            as_of=request.period.as_of,
        )

    return RestatementReading(
        movement, reading(movement.base, movement.base_at), reading(movement.latest, movement.latest_at)
    )
