"""Numbers of entities and of lists over periods: what is asked, what is answered, and how freshness is told.

Each function takes all that is asked in one shape and answers in that order, by a number of statements that does not
depend on how much is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from app.event_loop.pieces import in_pieces
from app.metrics.counters import ZERO, Counters
from app.metrics.ranges import DateRange, is_final
from app.queries.lists.parameters import Parameters
from app.queries.numbers.sums import CurrencySum, EntityDays, Sum, sum_entities, sum_listings
from app.services.reads.currency_spans import add_up, without_money
from app.services.reads.unmatched import WHOLE_SELLER, ListScope, unmatched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.levels import Level
    from app.metrics.periods import Period
    from app.queries.lists.entities import EntityRow
    from app.queries.lists.listings import Listing
    from app.services.reads.calendar import Calendar
    from app.services.reads.currency_spans import CurrencySpan

NOTHING = Sum(ZERO, has_data=False, synced_at=None)


class MetricsRequest(NamedTuple):
    """One entity's numbers over a period. An ACCOUNT's entity is the account itself."""

    level: Level
    entity_id: UUID
    account_id: UUID
    period: Period


class SummaryRequest(NamedTuple):
    """The numbers of everything that a list of entities matches, over a period."""

    listing: Listing[EntityRow]
    period: Period
    scope: ListScope = WHOLE_SELLER


class ReadFrom(NamedTuple):
    """The newest daily rows of these accounts at this level."""

    level: Level
    account_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class MetricsReading:
    """A sum in one currency over days, how fresh it is, and whether the platform may still restate it.

    `currency` None: the days are in several, which happens where an ad account's was changed. The money of `counters`
    is 0 then, and says nothing.
    Over several accounts the days are from the earliest first to the latest last one. `read_from` is None for what was
    known at a past instant.
    """

    counters: Counters
    currency: str | None
    days: DateRange
    has_data: bool
    synced_at: datetime | None
    is_final: bool
    read_from: ReadFrom | None = None


async def measure_entities(
    driver: Driver, seller_id: UUID, calendar: Calendar, asked: Sequence[MetricsRequest]
) -> list[MetricsReading]:
    """The numbers of entities of one level, known at one instant."""

    def spans_of(request: MetricsRequest) -> tuple[CurrencySpan, ...]:
        return calendar.currency_spans(request.period, request.level, request.account_id)

    parts = await in_pieces(spans_of, asked)
    level, as_of = asked[0].level, asked[0].period.as_of
    wanted = [
        EntityDays(request.entity_id, request.account_id, days.from_date, days.to_date)
        for request, spans in zip(asked, parts, strict=True)
        for _, days in spans
    ]
    sums = iter(await sum_entities(driver, seller_id, level, wanted, as_of=as_of))
    sources = {account_id: read_from(level, (account_id,), as_of) for account_id in calendar.accounts}

    def reading(found: tuple[MetricsRequest, tuple[CurrencySpan, ...]]) -> MetricsReading:
        (_, _, account_id, period), spans = found
        span = calendar.span(period, account_id)
        by_currency = [(currency, next(sums)) for currency, _ in spans]
        total, currency = add_up(by_currency, calendar.accounts[account_id].currency)
        return reading_of(total, currency=currency, days=span.days, final=span.is_final, source=sources[account_id])

    return await in_pieces(reading, list(zip(asked, parts, strict=True)))


async def measure_listings(
    driver: Driver, seller_id: UUID, calendar: Calendar, asked: Sequence[SummaryRequest]
) -> list[tuple[MetricsReading, ...]]:
    """The totals of lists of one shape over one period, one for each currency among what they match.

    A list that matches nothing has one total: zeros.
    """
    period = asked[0].period
    parameters = Parameters(seller_id, calendar.days_of)
    totals = await sum_listings(driver, [request.listing for request in asked], period, parameters)
    level = asked[0].listing.source.measured_level
    return [
        tuple(
            _total(calendar, level, period, total)
            for total in _telling(calendar, of_list) or [_zeros(calendar, request.scope)]
        )
        for request, of_list in zip(asked, totals, strict=True)
    ]


def _telling(calendar: Calendar, totals: Sequence[CurrencySum]) -> Sequence[CurrencySum]:
    """Without those of currencies that accounts had on days of which there is nothing."""
    return [totals[place] for place in telling(calendar, [(*total[:2], total.sum.has_data) for total in totals])]


def telling(calendar: Calendar, totals: Sequence[tuple[str, Sequence[UUID], bool]]) -> list[int]:
    """The places of the totals that say something, each given by its currency, its accounts, whether it has data.

    An account whose days are in several currencies counts where it has data, or with its present currency.
    """
    if len(totals) <= 1 or not calendar.has_other_currencies:
        return list(range(len(totals)))
    with_data = {account_id for _, account_ids, has_data in totals if has_data for account_id in account_ids}
    return [
        place
        for place, (currency, account_ids, has_data) in enumerate(totals)
        if has_data
        or any(calendar.accounts[each].currency == currency for each in account_ids if each not in with_data)
    ] or [len(totals) - 1]


def by_currency(
    current: Sequence[MetricsReading], base: Sequence[MetricsReading]
) -> list[tuple[MetricsReading, MetricsReading]]:
    """Totals of one list over two periods, side by side for each currency; zeros where one has none in it."""
    pairs = (
        {reading.currency or "": reading for reading in current},
        {reading.currency or "": reading for reading in base},
    )
    return [
        (_in_currency(currency, pairs[0], current[0]), _in_currency(currency, pairs[1], base[0]))
        for currency in sorted({*pairs[0], *pairs[1]})
    ]


def _in_currency(currency: str, found: Mapping[str, MetricsReading], like: MetricsReading) -> MetricsReading:
    return found.get(currency) or replace(like, currency=currency, counters=ZERO, has_data=False)


def merged(readings: Sequence[MetricsReading]) -> MetricsReading:
    """One reading of several of the same days, one for each currency."""
    if len(readings) == 1:
        return readings[0]
    counters = Counters(*map(sum, zip(*(reading.counters for reading in readings), strict=True)))
    return replace(readings[0], counters=without_money(counters), currency=None, has_data=True)


def read_from(level: Level, account_ids: tuple[UUID, ...], as_of: datetime | None) -> ReadFrom | None:
    """Where numbers come from that are known as of an instant (None: now)."""
    return ReadFrom(level, account_ids) if as_of is None else None


def reading_of(
    total: Sum, *, currency: str | None, days: DateRange, final: bool, source: ReadFrom | None
) -> MetricsReading:
    return MetricsReading(total.counters, currency, days, total.has_data, total.synced_at, final, source)


def reading_of_snapshot(
    calendar: Calendar,
    level: Level,
    account_id: UUID,
    day: date,
    counters: Counters,
    fetched_at: datetime,
    *,
    as_of: datetime | None,
) -> MetricsReading:
    """One day as it was reported at an instant, looked at as of another one (None: now)."""
    days = DateRange(day, day)
    final = is_final(days, today=calendar.today(account_id, as_of))
    currency = calendar.currency_of(account_id, level, day, fetched_at)
    return MetricsReading(counters, currency, days, has_data=True, synced_at=fetched_at, is_final=final)


def days_over(ranges: Iterable[DateRange]) -> DateRange:
    """From the earliest first day to the latest last one."""
    known = list(ranges)
    return DateRange(min(days.from_date for days in known), max(days.to_date for days in known))


def _zeros(calendar: Calendar, scope: ListScope) -> CurrencySum:
    return CurrencySum(*unmatched(calendar, scope), NOTHING)


def _total(calendar: Calendar, level: Level, period: Period, total: CurrencySum) -> MetricsReading:
    spans = calendar.spans(period, total.account_ids)
    days = days_over(span.days for span in spans)
    final = all(span.is_final for span in spans)
    source = read_from(level, total.account_ids, period.as_of)
    return reading_of(total.sum, currency=total.currency, days=days, final=final, source=source)
