"""Sums of the stored counters by day, week or month: of each of many entities, and over everything that lists match.

A bucket is named by its first day as the calendar has it; buckets without any row are left out here. When days were
fetched comes from `list_fetches`, because a day can be fetched and have nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.event_loop.pieces import in_pieces
from app.metrics import expressions
from app.metrics.series import Granularity
from app.queries.lists.entity_days import COLUMNS, SUMS, Bounds, rows_of
from app.queries.lists.listings import Listing, matching_text
from app.queries.lists.selects import ROW
from app.queries.numbers.sums import EntityDays, Sum, sum_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver, Record
    from app.metrics.levels import Level
    from app.metrics.periods import Period
    from app.metrics.ranges import DateRange
    from app.queries.lists.entities import EntityRow
    from app.queries.lists.parameters import Parameters

# date_trunc's week is the one of ISO 8601: it starts on Monday.
_BUCKETS = {
    Granularity.DAY: "{day}",
    Granularity.WEEK: "date_trunc('week', {day}::timestamp)::date",
    Granularity.MONTH: "date_trunc('month', {day}::timestamp)::date",
}

_TOTALS = expressions.select_list(expressions.totals(COLUMNS))


class CurrencyBuckets(NamedTuple):
    """The sums over the entities of one list in one currency, and which accounts have days in it.

    As of an instant, `synced_at` of a sum is when its newest snapshot was fetched, otherwise None.
    """

    currency: str
    account_ids: tuple[UUID, ...]
    sums: dict[date, Sum]


def bucket_of(granularity: Granularity, day: str) -> str:
    """SQL of the first day of the bucket that a day lies in."""
    return _BUCKETS[granularity].format(day=day)


async def bucket_entities(
    driver: Driver,
    seller_id: UUID,
    level: Level,
    asked: Sequence[EntityDays],
    granularity: Granularity,
    *,
    as_of: datetime | None,
) -> list[dict[date, Sum]]:
    """The sums of each of the entities of a level by bucket, in their order; by one statement, however many."""
    bounds = Bounds("wanted.entity_id", "wanted.from_date", "wanted.to_date", "$5::timestamptz" if as_of else None)
    text = f"""
    SELECT wanted.place, bucket.*
    FROM unnest($2::uuid[], $3::date[], $4::date[])
         WITH ORDINALITY AS wanted (entity_id, from_date, to_date, place)
    CROSS JOIN LATERAL (
        SELECT {bucket_of(granularity, "s.stat_date")} AS starts_on,
               {SUMS},
               TRUE AS has_data,
               {"max(s.fetched_at)" if as_of else "NULL::timestamptz"} AS synced_at
        {rows_of(level, bounds)}
        GROUP BY starts_on
    ) AS bucket
    """
    columns = [[item.entity_id for item in asked], [item.from_date for item in asked], [item.to_date for item in asked]]
    found: list[dict[date, Sum]] = [{} for _ in asked]

    def put(record: Record) -> None:
        place, starts_on, *rest = record
        found[place - 1][starts_on] = sum_of(rest)

    await in_pieces(put, await driver.fetch(text, seller_id, *columns, *([as_of] if as_of else [])))
    return found


async def bucket_listings(
    driver: Driver,
    listings: Sequence[Listing[EntityRow]],
    period: Period,
    granularity: Granularity,
    parameters: Parameters,
) -> list[list[CurrencyBuckets]]:
    """The sums over everything that each of these lists of one shape matches, by currency and bucket."""
    text = _listing_buckets_text(listings, period, granularity, parameters)
    found: dict[UUID | None, list[CurrencyBuckets]] = {}
    for parent_id, currency, account_ids, starts_on, *rest in await driver.fetch(text, *parameters.values):
        of_list = found.setdefault(parent_id, [])
        if not of_list or of_list[-1].currency != currency:
            of_list.append(CurrencyBuckets(currency, tuple(account_ids), {}))
        if starts_on is not None:
            of_list[-1].sums[starts_on] = sum_of(rest)
    return [found.get(listing.parent and listing.parent.id, []) for listing in listings]


def _listing_buckets_text(
    listings: Sequence[Listing[EntityRow]],
    period: Period,
    granularity: Granularity,
    parameters: Parameters,
) -> str:
    matching = matching_text(listings, parameters, also=f", {ROW}.account_id")
    days = parameters.days_by_currency(period, listings[0].source.measured_level)
    bounds = Bounds("m.id", f"{days.name}.from_date", f"{days.name}.to_date", days.as_of)
    measured = f"FROM matching AS m\nJOIN {days.name} USING (account_id)"
    scope = f"""
        SELECT m.parent_id, {days.name}.currency, array_agg(DISTINCT m.account_id) AS account_ids
        {measured}
        GROUP BY m.parent_id, {days.name}.currency
        """
    bucket = f"""
        SELECT m.parent_id, {days.name}.currency, {bucket_of(granularity, "s.stat_date")} AS starts_on,
               {_TOTALS},
               TRUE AS has_data,
               {"max(s.fetched_at)" if days.as_of else "NULL::timestamptz"} AS synced_at
        {measured}
        CROSS JOIN LATERAL (SELECT s.* {rows_of(listings[0].source.measured_level, bounds)}) AS s
        GROUP BY m.parent_id, {days.name}.currency, starts_on
        """
    return parameters.complete(_ALL_CURRENCIES, matching=matching, scope=scope, bucket=bucket)


_COUNTERS = expressions.select_list(expressions.columns_of("bucket"))
_ALL_CURRENCIES = f"""
    SELECT scope.parent_id, scope.currency, scope.account_ids, bucket.starts_on,
           {_COUNTERS},
           bucket.has_data, bucket.synced_at
    FROM scope
    LEFT JOIN bucket
      ON bucket.parent_id IS NOT DISTINCT FROM scope.parent_id
     AND bucket.currency = scope.currency
    ORDER BY scope.parent_id, scope.currency
    """


async def list_fetches(
    driver: Driver,
    seller_id: UUID,
    level: Level,
    granularity: Granularity,
    asked: Sequence[tuple[UUID, DateRange]],
) -> list[dict[date, datetime]]:
    """When each bucket of an account's range was last fetched, in the order asked for; by one statement."""
    records = await driver.fetch(
        f"""
        SELECT days.place, {bucket_of(granularity, "f.stat_date")} AS starts_on, max(f.fetched_at)
        FROM unnest($2::uuid[], $3::date[], $4::date[])
             WITH ORDINALITY AS days (account_id, from_date, to_date, place)
        JOIN stats_fetches AS f USING (account_id)
        WHERE f.seller_id = $1
          AND f.level = {int(level)}
          AND f.stat_date BETWEEN days.from_date AND days.to_date
        GROUP BY days.place, starts_on
        """,
        seller_id,
        [account for account, _ in asked],
        [days.from_date for _, days in asked],
        [days.to_date for _, days in asked],
    )
    found: list[dict[date, datetime]] = [{} for _ in asked]
    for place, starts_on, fetched_at in records:
        found[place - 1][starts_on] = fetched_at
    return found
