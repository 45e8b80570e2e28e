"""A seller's day in one view: totals for each currency, what is missing from them, and whether they still move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.metrics.levels import Level
from app.metrics.ranges import DateRange, is_final
from app.queries.days.day_summaries import MissingConnection, list_aggregations, list_totals
from app.services.reads.metrics import MetricsReading, ReadFrom

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.days.day_summaries import Aggregation, DayTotal
    from app.services.reads.calendar import Calendar

__all__ = ["DaySummary", "MissingConnection", "load_day_summaries"]


@dataclass(frozen=True, slots=True)
class DaySummary:
    """A day that was aggregated, with the totals as they are now, by currency."""

    aggregation: Aggregation
    totals: tuple[MetricsReading, ...]


async def load_day_summaries(
    driver: Driver, seller_id: UUID, calendar: Calendar, days: Sequence[date]
) -> list[DaySummary | None]:
    """The days in their order, by two statements; None for what was not aggregated."""
    aggregations = await list_aggregations(driver, seller_id, days)
    totals = await list_totals(driver, seller_id, days)
    return [
        DaySummary(aggregations[day], tuple(_reading(calendar, day, total) for total in totals[day]))
        if day in aggregations
        else None
        for day in days
    ]


def _reading(calendar: Calendar, day: date, total: DayTotal) -> MetricsReading:
    """Final where the platform restates the day no more in any account of the currency."""
    days = DateRange(day, day)
    accounts = [
        account
        for account in calendar.accounts.values()
        if calendar.currency_of(account.account_id, Level.ACCOUNT, day) == total.currency
    ]
    return MetricsReading(
        total.counters,
        total.currency,
        days,
        has_data=True,
        synced_at=total.synced_at,
        is_final=all(is_final(days, today=calendar.today(account.account_id)) for account in accounts),
        read_from=ReadFrom(Level.ACCOUNT, tuple(account.account_id for account in accounts)),
    )
