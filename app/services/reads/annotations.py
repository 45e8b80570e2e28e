"""Changes of status on the days of a series: of one entity, or of everything that a list or an account has."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from app.clock import day_of
from app.queries.lists.parameters import Parameters
from app.queries.numbers.annotations import LocalDays, StatusMark, list_marks_of_entities, list_marks_of_listings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.periods import Period
    from app.metrics.ranges import DateRange
    from app.queries.lists.entities import EntityRow
    from app.queries.lists.listings import Listing
    from app.services.reads.calendar import Calendar

DayMark = tuple[date, StatusMark]


class EntityMarksRequest(NamedTuple):
    """The marks of one entity over a period."""

    entity_id: UUID
    account_id: UUID
    period: Period


class ListMarksRequest(NamedTuple):
    """The marks of what a list matches over a period, of the accounts with days in one currency (None: of all)."""

    listing: Listing[EntityRow]
    period: Period
    currency: str | None


MarksRequest = EntityMarksRequest | ListMarksRequest


async def load_marks(
    driver: Driver, seller_id: UUID, calendar: Calendar, asked: Sequence[MarksRequest]
) -> list[list[DayMark]]:
    """The marks with their days in the account's zone, oldest first; all requests are of one shape."""
    entities = [request for request in asked if isinstance(request, EntityMarksRequest)]
    if entities:
        return await _of_entities(driver, seller_id, calendar, entities)
    lists = [request for request in asked if isinstance(request, ListMarksRequest)]
    return await _of_lists(driver, seller_id, calendar, lists)


async def _of_entities(
    driver: Driver, seller_id: UUID, calendar: Calendar, asked: Sequence[EntityMarksRequest]
) -> list[list[DayMark]]:
    wanted = [_local_days(calendar, request.period, request.account_id, request.entity_id) for request in asked]
    found = await list_marks_of_entities(driver, seller_id, wanted)
    return [
        [(day_of(mark.at, days.time_zone), mark) for mark in marks] for days, marks in zip(wanted, found, strict=True)
    ]


async def _of_lists(
    driver: Driver, seller_id: UUID, calendar: Calendar, asked: Sequence[ListMarksRequest]
) -> list[list[DayMark]]:
    listing, period, currency = asked[0]
    level = listing.source.measured_level
    accounts = [
        _local_days(calendar, period, account.account_id, account.account_id)
        for account in calendar.accounts.values()
        if currency is None
        or any(span.currency == currency for span in calendar.currency_spans(period, level, account.account_id))
    ]
    zones = {days.id: days.time_zone for days in accounts}
    parameters = Parameters(seller_id, calendar.days_of)
    found = await list_marks_of_listings(driver, [request.listing for request in asked], accounts, parameters)
    return [[(day_of(mark.at, zones[account]), mark) for account, mark in marks] for marks in found]


def marks_within(marks: Iterable[DayMark], ranges: Sequence[DateRange]) -> list[list[StatusMark]]:
    """The marks on the days of each of these consecutive ranges, in the given order."""
    starts = [days.from_date for days in ranges]
    found: list[list[StatusMark]] = [[] for _ in ranges]
    for day, mark in marks:
        place = bisect_right(starts, day) - 1
        if place >= 0 and day <= ranges[place].to_date:
            found[place].append(mark)
    return found


def _local_days(calendar: Calendar, period: Period, account_id: UUID, marked_id: UUID) -> LocalDays:
    days = calendar.span(period, account_id).days
    time_zone = calendar.accounts[account_id].time_zone
    return LocalDays(marked_id, time_zone, days.from_date, days.to_date, period.as_of)
