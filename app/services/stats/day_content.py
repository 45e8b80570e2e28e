"""What a fetch says of one day, and a hash of it: two fetches with the same hash say the same.

Pure: no I/O, no clock. The hash covers what a daily row is made of, by the platform's own ids, whatever the order in
which rows came; names and the platform's ratios are not in it.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import blake2b
from struct import Struct
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.counters import Counters
from app.providers.insight_rows import Gap
from app.services.stats.row_twins import with_twins_known

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from app.providers.contract import InsightRows

_PERSON = b"pixecom day 1"  # another way to hash gets another number here, and nothing is taken for unchanged
_DIGEST_BYTES = 16
_COUNTERS = Struct(f">{len(Counters._fields)}q")


class DayGaps(NamedTuple):
    """What a fetch could not read of a day: what is stored of it stays. False where there is nothing.

    Whatever is stored of `entities` stays, and with `is_open` of all that have no row. `counters`: fields of Counters
    that are not known of entities that have one.
    """

    is_open: bool = False
    entities: frozenset[str] = frozenset()
    counters: Mapping[str, frozenset[str]] = MappingProxyType({})

    def __bool__(self) -> bool:
        return self.is_open or bool(self.entities) or bool(self.counters)


class FetchedDay(NamedTuple):
    """A day as one fetch saw it, an entity at most once: of two rows (pages can overlap) the later one counts.

    `content_hash` None: not all of the day could be read.
    """

    stat_date: date
    rows: InsightRows
    content_hash: bytes | None
    gaps: DayGaps = DayGaps()

    @property
    def currency(self) -> str | None:
        """What its rows say that their money is in; None: nothing."""
        return next((currency for currency in self.rows.currencies if currency is not None), None)


def fetched_days(rows: InsightRows, first: date, last: date) -> list[FetchedDay]:
    """Every day from `first` to `last`, those without rows too. The rows of a day are in one currency.

    Rows of other days are left out, and gaps of their entities: their day is unknown.
    """
    rows = with_twins_known(rows)
    places: dict[date, dict[str, int]] = {first + timedelta(days=place): {} for place in range((last - first).days + 1)}
    gaps = list(rows.gaps)
    for place, (day, external_id) in enumerate(zip(rows.stat_dates, rows.external_ids, strict=True)):
        if (of_day := places.get(day)) is not None:
            of_day[external_id] = place
        else:
            gaps.append(Gap(external_id))
    return [
        _fetched_day(day, rows.pick(list(of_day.values())), _gaps_of(day, gaps, of_day))
        for day, of_day in places.items()
    ]


def _gaps_of(day: date, gaps: Sequence[Gap], found: Container[str]) -> DayGaps:
    """An entity that has a row of the day as well is not missing."""
    of_day = [gap for gap in gaps if gap.stat_date in {None, day}]
    if not of_day:
        return DayGaps()
    missing = {gap.external_id for gap in of_day if gap.counters is None}
    return DayGaps(
        is_open=None in missing,
        entities=frozenset(each for each in missing if each is not None and each not in found),
        counters={gap.external_id: gap.counters for gap in of_day if gap.counters and gap.external_id is not None},
    )


def _fetched_day(day: date, rows: InsightRows, gaps: DayGaps) -> FetchedDay:
    return FetchedDay(day, rows, None if gaps else content_hash(rows), gaps)


def content_hash(rows: InsightRows) -> bytes:
    """The content of one day's rows, with an entity at most once."""
    names = [
        f"{external_id}\0{setting or ''}\n".encode()
        for external_id, setting in zip(rows.external_ids, rows.attribution_settings, strict=True)
    ]
    lines = sorted(map(bytes.__add__, map(_COUNTERS.pack, *rows.counters), names))
    return blake2b(b"".join(lines), digest_size=_DIGEST_BYTES, person=_PERSON).digest()
