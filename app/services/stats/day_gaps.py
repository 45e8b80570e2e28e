"""What a fetch could not read of its days, on its way into the store: what is stored of it stays as it is.

A row that can't be read is not a row of zeros. If a platform no longer names an entity for a day, its numbers go; if
its row is unreadable, they are unknown and stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.counters import Counters
from app.queries.structure.structure import load_entity_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.levels import Level
    from app.queries.connections.connections import Connection
    from app.queries.stats.writing import Snapshots
    from app.services.stats.day_content import FetchedDay


async def with_gaps(
    driver: Driver, connection: Connection, level: Level, days: Sequence[FetchedDay], snapshots: Snapshots
) -> Snapshots:
    """The snapshots of these days, with what they do not say."""
    gapped = [day for day in days if day.gaps]
    if not gapped:
        return snapshots
    named = {each for day in gapped for each in (*day.gaps.entities, *day.gaps.counters)}
    ids = await load_entity_ids(driver, connection, level, named)
    return snapshots._replace(counters=_counters(gapped, ids, snapshots), kept=_kept(gapped, ids))


def _kept(days: Sequence[FetchedDay], ids: Mapping[str, UUID]) -> list[tuple[UUID | None, date]]:
    kept: list[tuple[UUID | None, date]] = [(None, day.stat_date) for day in days if day.gaps.is_open]
    kept += [(ids[each], day.stat_date) for day in days for each in sorted(day.gaps.entities) if each in ids]
    return kept


def _counters(
    days: Sequence[FetchedDay], ids: Mapping[str, UUID], snapshots: Snapshots
) -> Sequence[Sequence[int | None]]:
    """None for each counter that is not known."""
    unknown = {
        (ids[external_id], day.stat_date): names
        for day in days
        for external_id, names in day.gaps.counters.items()
        if external_id in ids
    }
    if not unknown:
        return snapshots.counters
    columns: list[list[int | None]] = [list(column) for column in snapshots.counters]
    for place, key in enumerate(zip(snapshots.entity_ids, snapshots.stat_dates, strict=True)):
        for name in unknown.get(key, ()):
            columns[Counters._fields.index(name)][place] = None
    return columns
