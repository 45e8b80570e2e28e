"""Series: the numbers of entities and of lists by day, week or month, with nothing left out.

Every bucket of the range is there, zeros included; together they are the range, so that their sum is its number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app.event_loop.pieces import give_way, in_pieces
from app.metrics.ranges import is_final
from app.metrics.series import Bucket, Granularity, buckets
from app.queries.lists.parameters import Parameters
from app.queries.numbers.buckets import CurrencyBuckets, bucket_entities, bucket_listings, list_fetches
from app.queries.numbers.sums import EntityDays, Sum
from app.services.reads.currency_spans import CurrencySpan, add_up, currency_within
from app.services.reads.metrics import NOTHING, MetricsReading, ReadFrom, days_over, read_from, telling
from app.services.reads.unmatched import WHOLE_SELLER, ListScope, unmatched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.levels import Level
    from app.metrics.periods import Period, Span
    from app.metrics.ranges import DateRange
    from app.queries.lists.entities import EntityRow
    from app.queries.lists.listings import Listing
    from app.services.reads.calendar import Calendar

    AccountDays = tuple[UUID, DateRange]
    Fetches = dict[date, datetime]
    TotalOf = Callable[[Bucket], tuple[Sum, str | None]]

Series = tuple[MetricsReading, ...]


class SeriesRequest(NamedTuple):
    """One entity's numbers over a period, by day, week or month."""

    level: Level
    entity_id: UUID
    account_id: UUID
    period: Period
    granularity: Granularity


class ListSeriesRequest(NamedTuple):
    """The same of everything that a list of entities matches."""

    listing: Listing[EntityRow]
    period: Period
    granularity: Granularity
    scope: ListScope = WHOLE_SELLER


async def measure_series(
    driver: Driver, seller_id: UUID, calendar: Calendar, asked: Sequence[SeriesRequest], *, filled: bool = True
) -> list[Series]:
    """The series of entities of one level by one granularity, known at one instant.

    Not `filled`: without the buckets that have no row of statistics.
    """
    level, _, _, period, granularity = asked[0]
    spans = [calendar.span(request.period, request.account_id) for request in asked]
    days = [(request.account_id, span.days) for request, span in zip(asked, spans, strict=True)]
    parts = [calendar.currency_spans(request.period, level, request.account_id) for request in asked]
    wanted = [
        EntityDays(request.entity_id, *_columns((request.account_id, part.days)))
        for request, of_one in zip(asked, parts, strict=True)
        for part in of_one
    ]
    found = iter(await bucket_entities(driver, seller_id, level, wanted, granularity, as_of=period.as_of))
    sums = [[next(found) for _ in of_one] for of_one in parts]
    fetches = await _fetches(driver, seller_id, level, period, granularity, days)
    return [
        await _series(
            _buckets(span.days, granularity) if filled else _known_buckets(span.days, granularity, of_parts),
            _totals(of_one, of_parts, calendar.accounts[request.account_id].currency),
            [span],
            [fetches.get(account_days, {})],
            source=read_from(level, (request.account_id,), period.as_of),
        )
        for request, span, account_days, of_one, of_parts in zip(asked, spans, days, parts, sums, strict=True)
    ]


def _known_buckets(days: DateRange, granularity: Granularity, sums: Sequence[dict[date, Sum]]) -> Sequence[Bucket]:
    """Those of which there is anything; of days in one currency, as nearly always, without a look at each part."""
    known = sums[0].keys() if len(sums) == 1 else {day for of_part in sums for day in of_part}
    return [bucket for bucket in _buckets(days, granularity) if bucket.starts_on in known]


def _totals(spans: Sequence[CurrencySpan], sums: Sequence[dict[date, Sum]], usual: str) -> TotalOf:
    """What an entity's bucket comes to, and its currency, of the sums of each span."""
    if len(spans) == 1:
        of_one, currency = sums[0], spans[0].currency
        return lambda bucket: (of_one.get(bucket.starts_on, NOTHING), currency)

    def total(bucket: Bucket) -> tuple[Sum, str | None]:
        found = [
            (span.currency, of_span[bucket.starts_on])
            for span, of_span in zip(spans, sums, strict=True)
            if bucket.starts_on in of_span
        ]
        return add_up(found, usual) if found else (NOTHING, currency_within(spans, bucket.days, usual))

    return total


async def measure_list_series(
    driver: Driver, seller_id: UUID, calendar: Calendar, asked: Sequence[ListSeriesRequest]
) -> list[tuple[Series, ...]]:
    """The series of lists of one shape over one period, one for each currency among what they match.

    A list that matches nothing has one series: zeros.
    """
    listing, period, granularity, _ = asked[0]
    level, parameters = listing.source.measured_level, Parameters(seller_id, calendar.days_of)
    listings = [request.listing for request in asked]
    matched = await bucket_listings(driver, listings, period, granularity, parameters)
    found = [
        _telling(calendar, of_list) or [CurrencyBuckets(*unmatched(calendar, request.scope), {})]
        for request, of_list in zip(asked, matched, strict=True)
    ]
    days = [
        (account, calendar.span(period, account).days)
        for of_list in matched
        for of_currency in of_list
        for account in of_currency.account_ids
    ]
    fetches = await _fetches(driver, seller_id, level, period, granularity, days)

    async def series(of_currency: CurrencyBuckets) -> Series:
        accounts = of_currency.account_ids
        spans = calendar.spans(period, accounts)
        return await _series(
            list(buckets(days_over(span.days for span in spans), granularity)),
            lambda bucket: (of_currency.sums.get(bucket.starts_on, NOTHING), of_currency.currency),
            spans,
            [fetches.get((account, calendar.span(period, account).days), {}) for account in accounts],
            source=read_from(level, of_currency.account_ids, period.as_of),
        )

    return [tuple([await series(of_currency) for of_currency in of_list]) for of_list in found]


def _telling(calendar: Calendar, totals: Sequence[CurrencyBuckets]) -> Sequence[CurrencyBuckets]:
    """Without those of currencies that accounts had on days of which there is nothing."""
    return [totals[place] for place in telling(calendar, [(*total[:2], bool(total.sums)) for total in totals])]


@lru_cache(maxsize=8)
def _buckets(days: DateRange, granularity: Granularity) -> tuple[Bucket, ...]:
    return tuple(buckets(days, granularity))


def _columns(days: AccountDays) -> tuple[UUID, date, date]:
    account, span = days
    return account, span.from_date, span.to_date


async def _fetches(
    driver: Driver,
    seller_id: UUID,
    level: Level,
    period: Period,
    granularity: Granularity,
    days: Iterable[AccountDays],
) -> dict[AccountDays, Fetches]:
    """When accounts' buckets were last fetched. As of an instant, the sums know of their snapshots themselves."""
    wanted = list(dict.fromkeys(days))
    if period.as_of is not None or not wanted:
        return {}
    return dict(zip(wanted, await list_fetches(driver, seller_id, level, granularity, wanted), strict=True))


async def _series(
    all_buckets: Sequence[Bucket],
    total_of: TotalOf,
    spans: Sequence[Span],
    fetches: Sequence[Fetches],
    *,
    source: ReadFrom | None,
) -> Series:
    """A reading for every bucket; of several accounts it is final when it is for all of them."""
    today = min(span.today for span in spans)
    fetched = _newest(fetches)

    def reading(bucket: Bucket) -> MetricsReading:
        total, currency = total_of(bucket)
        synced_at = fetched.get(bucket.starts_on, total.synced_at)
        final = is_final(bucket.days, today=today)
        return MetricsReading(total.counters, currency, bucket.days, total.has_data, synced_at, final, source)

    readings = await in_pieces(reading, all_buckets)
    await give_way()
    return tuple(readings)


def _newest(fetches: Sequence[Fetches]) -> Fetches:
    """When any of the accounts was last fetched, by bucket."""
    newest: Fetches = {}
    for starts_on, fetched_at in (item for of_account in fetches for item in of_account.items()):
        newest[starts_on] = max(fetched_at, newest.get(starts_on, fetched_at))
    return newest
