"""Campaigns, ad sets and ads as one kind of row: the level is a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.database.tables import ads
from app.metrics.levels import Level
from app.queries.lists.orders import Order, SortKey
from app.queries.lists.selects import ROW
from app.queries.lists.sources import Source, columns_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Table


class EntityRow(NamedTuple):
    """One campaign, ad set or ad. What its level does not have is None. Money is in micros of the account's unit."""

    id: UUID
    account_id: UUID
    external_id: str
    name: str
    status: str
    delivery_status: str
    delivery_reason: str | None
    platform_created_at: datetime | None
    created_at: datetime
    updated_at: datetime
    campaign_id: UUID | None
    adset_id: UUID | None
    budget_micros: int | None
    budget_type: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    sellpage_id: UUID | None
    ad_strategy_id: UUID | None
    optimization_goal: str | None


TABLES: dict[Level, Table] = {Level.CAMPAIGN: ads.campaigns, Level.ADSET: ads.adsets, Level.AD: ads.ads}
PARENT_COLUMNS = {
    Level.ACCOUNT.name: f"{ROW}.account_id",
    Level.CAMPAIGN.name: f"{ROW}.campaign_id",
    Level.ADSET.name: f"{ROW}.adset_id",
}


def _source(level: Level) -> Source[EntityRow]:
    return Source(
        name=level.name,
        columns=columns_of(EntityRow, TABLES[level]),
        row=EntityRow,
        table=f"{TABLES[level].name} AS {ROW}",
        parents=tuple((name, column) for name, column in PARENT_COLUMNS.items() if Level[name] < level),
        level=level,
    )


ENTITIES: dict[Level, Source[EntityRow]] = {level: _source(level) for level in TABLES}

NAME = SortKey("name", "text")
EXTERNAL_ID = SortKey("external_id", "text")
STATUS = SortKey("status", "text", volatile=True)
DELIVERY_STATUS = SortKey("delivery_status", "text", volatile=True)
DELIVERY_REASON = SortKey("delivery_reason", "text", nullable=True, volatile=True)
PLATFORM_CREATED_AT = SortKey("platform_created_at", "timestamptz", nullable=True)
CREATED_AT = SortKey("created_at", "timestamptz")
UPDATED_AT = SortKey("updated_at", "timestamptz", volatile=True)
BUDGET = SortKey("budget_micros", "bigint", nullable=True, in_currency=True)
BUDGET_TYPE = SortKey("budget_type", "text", nullable=True)
START_DATE = SortKey("starts_at", "timestamptz", nullable=True)
END_DATE = SortKey("ends_at", "timestamptz", nullable=True)
OPTIMIZATION_GOAL = SortKey("optimization_goal", "text", nullable=True)

# What was imported at once became known to us at once: the platform's own instant tells which is newer.
NEWEST_FIRST = Order.by(*(key._replace(descending=True) for key in (PLATFORM_CREATED_AT, CREATED_AT)))
