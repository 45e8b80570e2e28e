"""What a fetch says of one day, and a hash of it: two fetches with the same hash say the same.

Pure: no I/O, no clock. The hash covers what a daily row is made of, by the platform's own ids, whatever the order in
which rows came; names and the platform's ratios are not in it.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import blake2b
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.counters import Counters

if TYPE_CHECKING:
    from app.providers.contract import InsightRows

_PERSON = b"pixecom day 1"  # another way to hash gets another number here, and nothing is taken for unchanged
_DIGEST_BYTES = 16
_COUNTERS = Struct(f">{len(Counters._fields)}q")


class FetchedDay(NamedTuple):
    """A day as one fetch saw it, an entity at most once: of two rows (pages can overlap) the later one counts."""

    stat_date: date
    rows: InsightRows
    content_hash: bytes


def fetched_days(rows: InsightRows, first: date, last: date) -> list[FetchedDay]:
    """Every day from `first` to `last`, those without rows too. Rows of other days are left out."""
    places: dict[date, dict[str, int]] = {first + timedelta(days=place): {} for place in range((last - first).days + 1)}
    for place, (day, external_id) in enumerate(zip(rows.stat_dates, rows.external_ids, strict=True)):
        if (of_day := places.get(day)) is not None:
            of_day[external_id] = place
    return [_fetched_day(day, rows.pick(list(of_day.values()))) for day, of_day in places.items()]


def _fetched_day(day: date, rows: InsightRows) -> FetchedDay:
    return FetchedDay(day, rows, content_hash(rows))


def content_hash(rows: InsightRows) -> bytes:
    """Of rows of one day, an entity at most once."""
    names = [
        f"{external_id}\0{setting or ''}\n".encode()
        for external_id, setting in zip(rows.external_ids, rows.attribution_settings, strict=True)
    ]
    lines = sorted(map(bytes.__add__, map(_COUNTERS.pack, *rows.counters), names))
    return blake2b(b"".join(lines), digest_size=_DIGEST_BYTES, person=_PERSON).digest()
