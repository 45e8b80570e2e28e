"""Values of a page's metrics by day: a zero is one, and what the platform said nothing about is None."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.queries.lists.fb_pages import PageDays, list_page_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.ranges import DateRange, RangeSpec


class PageSeriesRequest(NamedTuple):
    """Some metrics of a page over a range of days of its zone."""

    page_id: UUID
    time_zone: str
    metrics: tuple[str, ...]
    days: RangeSpec

    def resolve(self, *, max_range_days: int) -> DateRange:
        """The days that it means now."""
        return self.days.resolve(today=clock.today_in(self.time_zone), max_range_days=max_range_days)


class DayValue(NamedTuple):
    day: date
    value: int | None


async def load_page_series(
    driver: Driver, seller_id: UUID, asked: Sequence[PageSeriesRequest], *, max_range_days: int
) -> list[list[list[DayValue]]]:
    """The metrics of each request, and every day of each metric, earliest first; by one statement."""
    ranges = [request.resolve(max_range_days=max_range_days) for request in asked]
    spans = [
        PageDays(request.page_id, days.from_date, days.to_date) for request, days in zip(asked, ranges, strict=True)
    ]
    metrics = {metric for request in asked for metric in request.metrics}
    found = await list_page_values(driver, seller_id, spans, metrics)
    return [
        [[DayValue(day, values.get((metric, day))) for day in _each_day(days)] for metric in request.metrics]
        for request, days, values in zip(asked, ranges, found, strict=True)
    ]


def _each_day(days: DateRange) -> list[date]:
    return [days.from_date + timedelta(days=place) for place in range(days.days)]
