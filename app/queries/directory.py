"""Ad accounts, landing pages and strategies, as a reader may see them: never a token, nor what it is encrypted with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.database.tables.ads import ad_strategies, sellpages
from app.database.tables.connections import fb_connections
from app.metrics.levels import Level
from app.queries.orders import Order, SortKey
from app.queries.selects import ROW
from app.queries.sources import Source, columns_of
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


class AccountCalendar(NamedTuple):
    """What the days and the money of an ad account are measured in."""

    account_id: UUID
    time_zone: str
    currency: str


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


async def get_calendar(driver: Driver, seller_id: UUID) -> SellerCalendar:
    """Zone and currency of the seller and of all its ad accounts; by one statement."""
    records = await driver.fetch(
        f"""
        SELECT {ROW}.id, {ROW}.time_zone, {ROW}.currency, sellers.time_zone, sellers.currency
        FROM sellers
        LEFT JOIN {ACCOUNTS.table}
               ON {ROW}.seller_id = $1
              AND {ACCOUNTS.only}
        WHERE sellers.id = $1
        """,
        seller_id,
    )
    *_, time_zone, currency = records[0]
    accounts = [AccountCalendar(*own) for *own, _, _ in records if own[0] is not None]
    return SellerCalendar(time_zone, currency, tuple(accounts))
