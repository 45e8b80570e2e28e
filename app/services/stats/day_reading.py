"""Days of insights on their way in: a few whole days at a time, the next ones read while those before are written.

How rows of a listing are ordered no platform promises, so a day is whole only when the listing that asked for it is
over. Much is therefore asked for in parts of whole days; little is asked for at once, since each part costs calls of
its own. What is held in memory is two parts.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.errors import TooMuchDataError
from app.providers.insight_rows import chain_rows

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import date, datetime

    from app.providers.contract import AdProvider, InsightRows
    from app.services.jobs.new_jobs import StatsUnit

# Expected rows that are requested at once; beyond, platforms are slow to answer anyway.
AT_ONCE_ROWS = 20_000
# About as many rows as a part is to have: twenty of Meta's pages, so that the last one's gap weighs little.
PART_ROWS = 10_000
# The factor by which a part may exceed the days of all parts before it: one day may not be typical.
GROWTH = 4


class Part(NamedTuple):
    """All rows of some whole days, both named ones included, asked for at `fetched_at`."""

    from_date: date
    to_date: date
    fetched_at: datetime
    rows: InsightRows


async def read_ahead(provider: AdProvider, unit: StatsUnit, *, entities: int) -> AsyncGenerator[Part]:
    """The parts of a unit; while one is used the next is being read. To be closed by who does not take all.

    A failure to read is raised after the parts before it were given. `entities` are those of the level that we know.
    """
    parts = _parts(provider, unit, entities=entities)
    reading = asyncio.create_task(_next(parts))
    try:
        while part := await reading:
            reading = asyncio.create_task(_next(parts))
            yield part
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await parts.aclose()


async def _next(parts: AsyncGenerator[Part]) -> Part | None:
    return await anext(parts, None)


async def _parts(provider: AdProvider, unit: StatsUnit, *, entities: int) -> AsyncGenerator[Part]:
    """One part where little is expected. Otherwise one day, whose rows tell how many days the next part has.

    We know far more entities than those that deliver, so what is expected is a bound and no estimate.
    """
    first, a_day = unit.from_date, entities
    days = 1 if _expected(unit, entities) > AT_ONCE_ROWS else count_days(unit)
    while first <= unit.to_date:
        asked = unit._replace(from_date=first, to_date=min(first + timedelta(days=days - 1), unit.to_date))
        fetched_at = clock.now()
        rows = await read_rows(provider, asked, entities=a_day)
        yield Part(asked.from_date, asked.to_date, fetched_at, rows)
        seen = max(1, len(rows) // count_days(asked))
        a_day = min(entities, 2 * seen)
        days = max(1, min(PART_ROWS // seen, GROWTH * count_days(unit._replace(to_date=asked.to_date))))
        first = asked.to_date + timedelta(days=1)


async def read_rows(provider: AdProvider, unit: StatsUnit, *, entities: int) -> InsightRows:
    """All rows of the unit; where the platform asks for less at once, half the days at a time."""
    pages = provider.read_insights(unit.level, unit.from_date, unit.to_date, expected_rows=_expected(unit, entities))
    try:
        return chain_rows([page async for page in pages])
    except TooMuchDataError:
        if unit.from_date == unit.to_date:
            raise
    middle = unit.from_date + (unit.to_date - unit.from_date) // 2
    earlier = await read_rows(provider, unit._replace(to_date=middle), entities=entities)
    later = await read_rows(provider, unit._replace(from_date=middle + timedelta(days=1)), entities=entities)
    return chain_rows([earlier, later])


def count_days(unit: StatsUnit) -> int:
    return (unit.to_date - unit.from_date).days + 1


def _expected(unit: StatsUnit, entities: int) -> int:
    return entities * count_days(unit)
