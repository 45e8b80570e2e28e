"""Ad accounts, landing pages and strategies, as a reader may see them: never a token, nor what it is encrypted with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.database.tables.ads import ad_strategies, sellpages
from app.database.tables.connections import fb_connections
from app.metrics.levels import Level
from app.queries.lists.orders import Order, SortKey
from app.queries.lists.selects import ROW
from app.queries.lists.sources import Source, columns_of
from app.vocabulary import ConnectionKind

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver


class AccountRow(NamedTuple):
    id: UUID
    external_id: str
    name: str
    provider: str
    time_zone: str
    currency: str
    standing: str
    health: str
    health_class: str | None
    health_reason: str | None
    health_changed_at: datetime
    is_active: bool
    is_primary: bool
    structure_synced_at: datetime | None
    delivery_synced_at: datetime | None
    stats_synced_at: datetime | None
    stats_stretch: int
    closed_through: date | None
    created_at: datetime
    updated_at: datetime


class SellpageRow(NamedTuple):
    id: UUID
    name: str
    url: str
    is_active: bool
    created_at: datetime
    updated_at: datetime


class AdStrategyRow(NamedTuple):
    id: UUID
    name: str
    description: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class OtherCurrency(NamedTuple):
    """Days of an ad account at one level that are not in its present currency, both included.

    Only what was fetched before `fetched_before`, or all of it (None).
    """

    level: Level
    from_date: date
    to_date: date
    fetched_before: datetime | None
    currency: str


class AccountCalendar(NamedTuple):
    """What the days and the money of an ad account are measured in; `others` of nearly all accounts is empty."""

    account_id: UUID
    time_zone: str
    currency: str
    others: tuple[OtherCurrency, ...] = ()


class SellerCalendar(NamedTuple):
    """A seller's own zone and currency, and those of all its ad accounts."""

    time_zone: str
    currency: str
    accounts: tuple[AccountCalendar, ...]


ACCOUNTS = Source(
    name="AD_ACCOUNT",
    columns=columns_of(AccountRow, fb_connections),
    row=AccountRow,
    table=f"fb_connections AS {ROW}",
    only=f"{ROW}.kind = '{ConnectionKind.AD_ACCOUNT}'",
    level=Level.ACCOUNT,
)
SELLPAGES = Source(
    name="SELLPAGE",
    columns=columns_of(SellpageRow, sellpages),
    row=SellpageRow,
    table=f"sellpages AS {ROW}",
)
AD_STRATEGIES = Source(
    name="AD_STRATEGY",
    columns=columns_of(AdStrategyRow, ad_strategies),
    row=AdStrategyRow,
    table=f"ad_strategies AS {ROW}",
)

BY_NAME = Order.by(SortKey("name", "text"))


# Days that follow one another are put together.
_OTHER_CURRENCIES = """
        SELECT account_id, level, min(stat_date) AS from_date, max(stat_date) AS to_date,
               nullif(fetched_before, 'infinity') AS fetched_before, currency
        FROM (
            SELECT *, stat_date - (row_number() OVER (
                PARTITION BY account_id, level, fetched_before, currency ORDER BY stat_date
            ))::int AS before_all
            FROM day_currencies
            WHERE seller_id = $1
        ) AS days
        GROUP BY account_id, level, fetched_before, currency, before_all
"""


async def get_calendar(driver: Driver, seller_id: UUID) -> SellerCalendar:
    """Zone and currency of the seller and of all its ad accounts; by one statement."""
    records = await driver.fetch(
        f"""
        SELECT {ROW}.id, {ROW}.time_zone, {ROW}.currency, sellers.time_zone, sellers.currency,
               others.level, others.from_date, others.to_date, others.fetched_before, others.currency
        FROM sellers
        LEFT JOIN {ACCOUNTS.table}
               ON {ROW}.seller_id = $1
              AND {ACCOUNTS.only}
        LEFT JOIN ({_OTHER_CURRENCIES}) AS others ON others.account_id = {ROW}.id
        WHERE sellers.id = $1
        """,
        seller_id,
    )
    accounts: dict[UUID, AccountCalendar] = {}
    others: dict[UUID, list[OtherCurrency]] = {}
    for account_id, time_zone, currency, _, _, level, *other in records:
        if account_id is None:
            continue
        accounts[account_id] = AccountCalendar(account_id, time_zone, currency)
        if level is not None:
            others.setdefault(account_id, []).append(OtherCurrency(Level(level), *other))
    for account_id, of_account in others.items():
        accounts[account_id] = accounts[account_id]._replace(others=tuple(of_account))
    return SellerCalendar(records[0][3], records[0][4], tuple(accounts.values()))
