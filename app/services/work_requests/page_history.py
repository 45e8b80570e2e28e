"""Asking for days of a page that are over: the platform has no numbers of a page's day before its end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.metrics.ranges import DateRange
from app.services.jobs.new_jobs import AccountKey, page_backfill_job

if TYPE_CHECKING:
    from app.queries.connections.connections import Connection, NewConnection
    from app.queries.jobs.requests import NewJob
    from app.vocabulary import Priority

_ONE_DAY = timedelta(days=1)


def last_days(time_zone: str, *, days: int) -> DateRange | None:
    """A number of days up to yesterday; None for none."""
    yesterday = clock.today_in(time_zone) - _ONE_DAY
    return DateRange(yesterday - timedelta(days=days - 1), yesterday) if days > 0 else None


def page_jobs(page: Connection | NewConnection, days: DateRange | None, *, priority: Priority) -> list[NewJob]:
    """One job for those of these days that are over; none where none is."""
    yesterday = clock.today_in(page.time_zone) - _ONE_DAY
    if days is None or days.from_date > yesterday:
        return []
    over = DateRange(days.from_date, min(days.to_date, yesterday))
    return [page_backfill_job(AccountKey(page.seller_id, page.id, page.provider), over, priority=priority)]
