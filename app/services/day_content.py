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
    from collections.abc import Iterable, Sequence

    from app.providers.contract import InsightRow

_PERSON = b"pixecom day 1"  # another way to hash gets another number here, and nothing is taken for unchanged
_DIGEST_BYTES = 16
_COUNTERS = Struct(f">{len(Counters._fields)}q")


class FetchedDay(NamedTuple):
    """A day as one fetch saw it, an entity at most once: of two rows (pages can overlap) the later one counts."""

    stat_date: date
    rows: Sequence[InsightRow]
    content_hash: bytes


def fetched_days(rows: Iterable[InsightRow], first: date, last: date) -> list[FetchedDay]:
    """Every day from `first` to `last`, those without rows too. Rows of other days are left out."""
    by_day: dict[date, dict[str, InsightRow]] = {
        first + timedelta(days=place): {} for place in range((last - first).days + 1)
    }
    for row in rows:
        if (of_day := by_day.get(row.stat_date)) is not None:
            of_day[row.external_id] = row
    return [FetchedDay(day, list(of_day.values()), content_hash(of_day.values())) for day, of_day in by_day.items()]


def content_hash(rows: Iterable[InsightRow]) -> bytes:
    """Of rows of one day, an entity at most once."""
    pack = _COUNTERS.pack
    digest = blake2b(digest_size=_DIGEST_BYTES, person=_PERSON)
    digest.update(
        b"".join(
            sorted(
                pack(*row.counters) + f"{row.external_id}\0{row.attribution_setting or ''}\n".encode() for row in rows
            )
        )
    )
    return digest.digest()
