"""Sums of the stored counters: for each of many entities, and over everything that lists match.

Nothing is derived here; `app.metrics` makes metrics of a sum. Days are the account's, as Meta reported them.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  # NamedTuples of them are made at run time
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID  # noqa: TC003  # likewise

from app.metrics.counters import Counters
from app.queries.clauses import ROW, Parameters
from app.queries.listings import Listing, matching_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.database.driver import Driver
    from app.metrics.levels import Level
    from app.queries.entities import EntityRow

# A range reaches the index only where an entity's days are bounds of their own scan, hence LATERAL everywhere.
_ENTITY_COLUMNS = ",\n                       ".join(f"sum(s.{name}) AS {name}" for name in Counters._fields)
# A sum that 64 bits can't hold is an error, never a wrong number.
_SUMS = ",\n               ".join(f"coalesce(sum(d.{name}), 0)::bigint AS {name}" for name in Counters._fields)


class EntityDays(NamedTuple):
    """An entity, its account, and the first and last day to sum."""

    entity_id: UUID
    account_id: UUID
    from_date: date
    to_date: date


class AccountDays(NamedTuple):
    """What a range means for one account: its days, and whether all of them are final."""

    account_id: UUID
    currency: str
    from_date: date
    to_date: date
    is_final: bool


class Sum(NamedTuple):
    """A sum of counters, whether any row is in it, and when its days were last fetched (None: never)."""

    counters: Counters
    has_data: bool
    synced_at: datetime | None


class CurrencySum(NamedTuple):
    """The sum over the entities of one list whose accounts have one currency."""

    currency: str
    is_final: bool
    sum: Sum


_ENTITY_SUMS = f"""
    WITH wanted AS (
        SELECT *
        FROM unnest($3::uuid[], $4::uuid[], $5::date[], $6::date[])
             WITH ORDINALITY AS asked (entity_id, account_id, from_date, to_date, place)
    ),
    fetched AS (
        SELECT days.account_id, days.from_date, days.to_date, max(f.fetched_at) AS synced_at
        FROM (SELECT DISTINCT account_id, from_date, to_date FROM wanted) AS days
        JOIN stats_fetches AS f
          ON f.seller_id = $1
         AND f.account_id = days.account_id
         AND f.level = $2
         AND f.stat_date BETWEEN days.from_date AND days.to_date
        GROUP BY days.account_id, days.from_date, days.to_date
    )
    SELECT total.*, fetched.synced_at
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT {_SUMS},
               count(*) > 0 AS has_data
        FROM ad_stats_daily AS d
        WHERE d.seller_id = $1
          AND d.level = $2
          AND d.entity_id = wanted.entity_id
          AND d.stat_date BETWEEN wanted.from_date AND wanted.to_date
    ) AS total
    LEFT JOIN fetched USING (account_id, from_date, to_date)
    ORDER BY wanted.place
    """  # noqa: S608  # the names of the counters are ours


async def sum_entities(driver: Driver, seller_id: UUID, level: Level, asked: Sequence[EntityDays]) -> list[Sum]:
    """One sum for each of the entities of a level, in their order; by one statement, however many."""
    columns = [list(column) for column in zip(*asked, strict=True)]
    return [_sum(record) for record in await driver.fetch(_ENTITY_SUMS, seller_id, level, *columns)]


async def sum_listings(
    driver: Driver,
    seller_id: UUID,
    level: Level,
    listings: Sequence[Listing[EntityRow]],
    accounts: Sequence[AccountDays],
) -> list[list[CurrencySum]]:
    """The sums over everything that each of these lists of one shape matches, by currency; by one statement."""
    parameters = Parameters(seller_id)
    records = await driver.fetch(_listing_sums_text(level, listings, accounts, parameters), *parameters.values)
    found: dict[UUID | None, list[CurrencySum]] = {}
    for record in records:
        parent_id, currency, is_final, *rest = record
        found.setdefault(parent_id, []).append(CurrencySum(currency, is_final, _sum(rest)))
    return [found.get(listing.parent and listing.parent.id, []) for listing in listings]


def _listing_sums_text(
    level: Level,
    listings: Sequence[Listing[EntityRow]],
    accounts: Sequence[AccountDays],
    parameters: Parameters,
) -> str:
    columns = [list(column) for column in zip(*accounts, strict=True)] or [[] for _ in AccountDays._fields]
    types = ("uuid[]", "text[]", "date[]", "date[]", "boolean[]")
    bound = ", ".join(parameters.bind(values, kind) for values, kind in zip(columns, types, strict=True))
    level_value = parameters.bind(level, "smallint")
    matching = matching_text(listings, parameters, also=f", {ROW}.account_id")
    return f"""
        WITH account AS (
            SELECT *
            FROM unnest({bound}) AS account (account_id, currency, from_date, to_date, is_final)
        ),
        matching AS ({matching}),
        fetched AS (
            SELECT m.parent_id, account.currency, max(f.fetched_at) AS synced_at
            FROM (SELECT DISTINCT parent_id, account_id FROM matching) AS m
            JOIN account USING (account_id)
            CROSS JOIN LATERAL (
                SELECT max(s.fetched_at) AS fetched_at
                FROM stats_fetches AS s
                WHERE s.seller_id = $1
                  AND s.account_id = m.account_id
                  AND s.level = {level_value}
                  AND s.stat_date BETWEEN account.from_date AND account.to_date
            ) AS f
            GROUP BY m.parent_id, account.currency
        ),
        total AS (
            SELECT m.parent_id, account.currency, bool_and(account.is_final) AS is_final,
               {_SUMS},
               sum(d.days) > 0 AS has_data
            FROM matching AS m
            JOIN account USING (account_id)
            CROSS JOIN LATERAL (
                SELECT {_ENTITY_COLUMNS},
                       count(*) AS days
                FROM ad_stats_daily AS s
                WHERE s.seller_id = $1
                  AND s.level = {level_value}
                  AND s.entity_id = m.id
                  AND s.stat_date BETWEEN account.from_date AND account.to_date
            ) AS d
            GROUP BY m.parent_id, account.currency
        )
        SELECT total.*, fetched.synced_at
        FROM total
        LEFT JOIN fetched
          ON fetched.parent_id IS NOT DISTINCT FROM total.parent_id
         AND fetched.currency = total.currency
        ORDER BY total.currency
        """  # noqa: S608  # pieces of ours; values are parameters


def _sum(record: Iterable[Any]) -> Sum:
    *counters, has_data, synced_at = record
    return Sum(Counters(*counters), has_data, synced_at)
