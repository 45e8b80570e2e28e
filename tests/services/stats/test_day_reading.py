from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from app.errors import ProviderTransientError
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.contract import InsightRow
from app.providers.insight_rows import rows_of
from app.services.jobs.new_jobs import StatsUnit
from app.services.stats.day_reading import read_ahead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from app.providers.contract import AdProvider, InsightRows

FIRST = date(2026, 3, 1)


def day(place: int) -> date:
    return FIRST + timedelta(days=place)


@dataclass
class Platform:
    """Has `rows(day)` rows a day, in no order of days; fails from the day `fails_at` on."""

    rows: Sequence[int]
    fails_at: int | None = None
    asked: list[tuple[int, int, int | None]] = field(default_factory=list[tuple[int, int, "int | None"]])
    being_read: int = 0

    async def read_insights(
        self, _level: Level, since: date, until: date, *, expected_rows: int | None = None
    ) -> AsyncIterator[InsightRows]:
        places = range((since - FIRST).days, (until - FIRST).days + 1)
        self.asked.append((places[0], len(places), expected_rows))
        self.being_read += 1
        try:
            await asyncio.sleep(0)
            if self.fails_at in places:
                raise ProviderTransientError("no")
            for number in range(max(self.rows[place] for place in places)):
                found = [place for place in places if number < self.rows[place]]
                yield rows_of(
                    InsightRow(external_id=str(number), stat_date=day(place), counters=Counters(1)) for place in found
                )
        finally:
            self.being_read -= 1


async def read(platform: Platform, days: int, *, entities: int) -> list[tuple[int, int, int]]:
    """Begin, days and rows of every part; its rows are all of its days."""
    unit = StatsUnit(Level.AD, FIRST, day(days - 1))
    found: list[tuple[int, int, int]] = []
    async with aclosing(read_ahead(cast("AdProvider", platform), unit, entities=entities)) as parts:
        async for part in parts:
            first, last = (part.from_date - FIRST).days, (part.to_date - FIRST).days
            assert len(part.rows) == sum(platform.rows[first : last + 1])
            found.append((first, last - first + 1, len(part.rows)))
    return found


async def test_little_is_asked_for_at_once() -> None:
    platform = Platform([9] * 4)
    assert await read(platform, 4, entities=5000) == [(0, 4, 36)]
    assert platform.asked == [(0, 4, 20_000)]


async def test_much_is_asked_for_in_parts_as_large_as_the_days_before_tell() -> None:
    platform = Platform([4000, 4000, 4000, 4000, 4000, 4000])
    assert await read(platform, 6, entities=7000) == [(0, 1, 4000), (1, 2, 8000), (3, 2, 8000), (5, 1, 4000)]
    assert platform.asked == [(0, 1, 7000), (1, 2, 14_000), (3, 2, 14_000), (5, 1, 7000)]


async def test_of_few_who_deliver_among_many_known_a_part_has_more_days_each_time() -> None:
    platform = Platform([0, 3, 3] + [5] * 97)
    assert await read(platform, 100, entities=30_000) == [(0, 1, 0), (1, 4, 16), (5, 20, 100), (25, 75, 375)]
    assert platform.asked == [(0, 1, 30_000), (1, 4, 8), (5, 20, 160), (25, 75, 750)]


async def test_a_day_with_more_rows_than_a_part_is_a_part() -> None:
    platform = Platform([11_000, 12_000])
    assert await read(platform, 2, entities=20_000) == [(0, 1, 11_000), (1, 1, 12_000)]


async def test_one_part_is_read_while_another_is_used_and_no_more() -> None:
    platform = Platform([9000, 9000, 9000])
    unit = StatsUnit(Level.AD, FIRST, day(2))
    async with aclosing(read_ahead(cast("AdProvider", platform), unit, entities=9000)) as parts:
        await anext(parts)
        for _ in range(100):
            await asyncio.sleep(0)
        assert [asked[0] for asked in platform.asked] == [0, 1]


async def test_what_was_read_before_a_failure_is_given_first() -> None:
    platform = Platform([9000, 9000, 9000], fails_at=1)
    unit = StatsUnit(Level.AD, FIRST, day(2))
    async with aclosing(read_ahead(cast("AdProvider", platform), unit, entities=9000)) as parts:
        assert (await anext(parts)).to_date == FIRST
        with pytest.raises(ProviderTransientError):
            await anext(parts)
    assert [asked[0] for asked in platform.asked] == [0, 1]


async def test_whoever_ends_early_ends_the_reading() -> None:
    platform = Platform([9000, 9000, 9000])
    unit = StatsUnit(Level.AD, FIRST, day(2))
    with pytest.raises(RuntimeError, match="enough"):  # noqa: PT012  # the block is what is tested
        async with aclosing(read_ahead(cast("AdProvider", platform), unit, entities=9000)) as parts:
            async for _ in parts:
                await asyncio.sleep(0)
                assert platform.being_read == 1
                raise RuntimeError("enough")
    assert platform.being_read == 0
    assert [asked[0] for asked in platform.asked] == [0, 1]
