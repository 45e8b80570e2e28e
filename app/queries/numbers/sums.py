"""Sums of the stored counters: for each of many entities, and over everything that lists match.

Nothing is derived here; `app.metrics` makes metrics of a sum. Days are the account's, as Meta reported them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from app.event_loop.pieces import in_pieces
from app.metrics import expressions
from app.metrics.counters import Counters
from app.queries.lists.entity_days import SUMS, Bounds, rows_of
from app.queries.lists.listings import Listing, parent_column, select_matching
from app.queries.lists.selects import ROW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.levels import Level
    from app.metrics.periods import Period
    from app.queries.lists.entities import EntityRow
    from app.queries.lists.parameters import Parameters


class EntityDays(NamedTuple):
    """An entity, its account, and the first and last day to sum."""

    entity_id: UUID
    account_id: UUID
    from_date: date
    to_date: date


class Sum(NamedTuple):
    """A sum of counters, whether any row is in it, and when its days were last fetched (None: never)."""

    counters: Counters
    has_data: bool
    synced_at: datetime | None


class CurrencySum(NamedTuple):
    """The sum over the entities of one list in one currency, and which accounts have days in it."""

    currency: str
    account_ids: tuple[UUID, ...]
    sum: Sum


# When the `days` of an account were last fetched; as of an instant, when the newest snapshot in the sum was.
_LAST_FETCH = """
        SELECT max(s.fetched_at) AS synced_at
        FROM stats_fetches AS s
        WHERE s.seller_id = $1
          AND s.account_id = days.account_id
          AND s.level = {level}
          AND s.stat_date BETWEEN days.from_date AND days.to_date
    """
_FETCHED_WANTED = """
    SELECT days.*, f.synced_at
    FROM (SELECT DISTINCT account_id, from_date, to_date FROM wanted) AS days
    CROSS JOIN LATERAL ({last_fetch}) AS f
"""


@cache
def _entity_sums_text(level: Level, *, as_of: bool) -> str:
    """$2 to $5: EntityDays by column. $6: the instant."""
    days = Bounds("wanted.entity_id", "wanted.from_date", "wanted.to_date", "$6::timestamptz" if as_of else None)
    fetched = "" if as_of else f", fetched AS ({_FETCHED_WANTED.format(last_fetch=_last_fetch(level))})"
    return f"""
    WITH wanted AS (
        SELECT *
        FROM unnest($2::uuid[], $3::uuid[], $4::date[], $5::date[])
             WITH ORDINALITY AS asked (entity_id, account_id, from_date, to_date, place)
    ){fetched}
    SELECT total.*{"" if as_of else ", fetched.synced_at"}
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT {SUMS},
               count(*) > 0 AS has_data{", max(s.fetched_at) AS synced_at" if as_of else ""}
        {rows_of(level, days)}
    ) AS total
    {"" if as_of else "LEFT JOIN fetched USING (account_id, from_date, to_date)"}
    ORDER BY wanted.place
    """


async def sum_entities(
    driver: Driver,
    seller_id: UUID,
    level: Level,
    asked: Sequence[EntityDays],
    *,
    as_of: datetime | None,
) -> list[Sum]:
    """One sum for each of the entities of a level, in their order; by one statement, however many."""
    columns = [list(column) for column in zip(*asked, strict=True)]
    text = _entity_sums_text(level, as_of=as_of is not None)
    instant = [as_of] if as_of else []
    return await in_pieces(sum_of, await driver.fetch(text, seller_id, *columns, *instant))


async def sum_listings(
    driver: Driver,
    listings: Sequence[Listing[EntityRow]],
    period: Period,
    parameters: Parameters,
) -> list[list[CurrencySum]]:
    """The sums over everything that each of these lists of one shape matches, by currency; by one statement."""
    text = _listing_sums_text(listings, period, parameters)
    found: dict[UUID | None, list[CurrencySum]] = {}
    for record in await driver.fetch(text, *parameters.values):
        parent_id, currency, account_ids, *rest = record
        found.setdefault(parent_id, []).append(CurrencySum(currency, tuple(account_ids), sum_of(rest)))
    return [found.get(listing.parent and listing.parent.id, []) for listing in listings]


def _listing_sums_text(listings: Sequence[Listing[EntityRow]], period: Period, parameters: Parameters) -> str:
    """The conditions and the total read one scan of each row where they are about the same period."""
    select = select_matching(listings, parameters)
    days = parameters.days_by_currency(period, listings[0].source.measured_level)
    name = select.total(days)
    total = select.text(
        f"""{parent_column(listings[0])} AS parent_id, {days.name}.currency,
array_agg(DISTINCT {ROW}.account_id) AS account_ids,
{expressions.select_list(expressions.totals(expressions.columns_of(name)))},
sum({name}.days) > 0 AS has_data{f", max({name}.fetched_at) AS synced_at" if days.as_of else ""}""",
        f"GROUP BY parent_id, {days.name}.currency",
    )
    if days.as_of:
        return parameters.complete("SELECT *\nFROM total\nORDER BY currency", total=total)
    fetched = _FETCHED.format(days=days.name, last_fetch=_last_fetch(listings[0].source.measured_level))
    return parameters.complete(fetched, total=total)


# When the days of any of the accounts were last fetched.
_FETCHED = """
SELECT total.*, fetched.synced_at
FROM total
CROSS JOIN LATERAL (
    SELECT max(f.synced_at) AS synced_at
    FROM {days} AS days
    CROSS JOIN LATERAL ({last_fetch}) AS f
    WHERE days.account_id = ANY(total.account_ids)
      AND days.currency = total.currency
) AS fetched
ORDER BY total.currency
"""


def _last_fetch(level: Level) -> str:
    return _LAST_FETCH.format(level=int(level))


def sum_of(record: Iterable[Any]) -> Sum:
    """A sum out of the counters, has_data and synced_at."""
    *counters, has_data, synced_at = record
    return Sum(Counters(*map(int, counters)), has_data, synced_at)
