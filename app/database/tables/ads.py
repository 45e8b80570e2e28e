"""What is advertised: landing pages, strategies, and the campaign, ad set, ad tree as Meta names it.

`status` is what was set, `delivery_status` what Meta says is happening; they never stand in for each other.
`status_changed_at` keeps a slow poll from overwriting a change that was made after it began.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app.database.tables.metadata import Wall, identifier, inside_tenant, instant, metadata, tenant_id, walled, word
from app.vocabulary import BudgetType, DeliveryStatus, EntityStatus

_Piece = Column[Any] | CheckConstraint


def _entity_columns() -> list[_Piece]:
    return [
        tenant_id(),
        identifier(),
        Column("account_id", Uuid, nullable=False),
        Column("external_id", Text, nullable=False),
        Column("name", Text, nullable=False),
        *word("status", EntityStatus),
        instant("status_changed_at"),
        *word("delivery_status", DeliveryStatus),
        Column("delivery_raw", Text, nullable=True),
        Column("delivery_reason", Text, nullable=True),
        instant("platform_created_at", nullable=True),
        instant("created_at"),
        instant("updated_at"),
        instant("archived_at", nullable=True),
    ]


def _budget_columns() -> list[_Piece]:
    return [
        Column("budget_micros", BigInteger, nullable=True),
        *word("budget_type", BudgetType, nullable=True),
        instant("starts_at", nullable=True),
        instant("ends_at", nullable=True),
    ]


sellpages = Table(
    "sellpages",
    metadata,
    tenant_id(),
    identifier(),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    instant("created_at"),
    instant("updated_at"),
    UniqueConstraint("seller_id", "url"),
    info=walled(Wall.TENANT),
)

ad_strategies = Table(
    "ad_strategies",
    metadata,
    tenant_id(),
    identifier(),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=True),
    Column("is_active", Boolean, nullable=False),
    instant("created_at"),
    instant("updated_at"),
    UniqueConstraint("seller_id", "name"),
    info=walled(Wall.TENANT),
)

campaigns = Table(
    "campaigns",
    metadata,
    *_entity_columns(),
    *_budget_columns(),
    Column("sellpage_id", Uuid, nullable=True),
    Column("ad_strategy_id", Uuid, nullable=True),
    UniqueConstraint("seller_id", "external_id"),
    inside_tenant("account_id", "fb_connections"),
    inside_tenant("sellpage_id", "sellpages"),
    inside_tenant("ad_strategy_id", "ad_strategies"),
    Index(None, "seller_id", "account_id", "id"),
    Index(None, "seller_id", "sellpage_id", "id"),
    info=walled(Wall.TENANT),
)

adsets = Table(
    "adsets",
    metadata,
    *_entity_columns(),
    *_budget_columns(),
    Column("campaign_id", Uuid, nullable=False),
    Column("optimization_goal", Text, nullable=True),
    Column("targeting", JSONB, nullable=False),
    Column("learning", Text, nullable=True),
    UniqueConstraint("seller_id", "external_id"),
    inside_tenant("account_id", "fb_connections"),
    inside_tenant("campaign_id", "campaigns"),
    Index(None, "seller_id", "campaign_id", "id"),
    Index(None, "seller_id", "account_id", "id"),
    info=walled(Wall.TENANT),
)

ads = Table(
    "ads",
    metadata,
    *_entity_columns(),
    Column("campaign_id", Uuid, nullable=False),
    Column("adset_id", Uuid, nullable=False),
    UniqueConstraint("seller_id", "external_id"),
    inside_tenant("account_id", "fb_connections"),
    inside_tenant("campaign_id", "campaigns"),
    inside_tenant("adset_id", "adsets"),
    Index(None, "seller_id", "adset_id", "id"),
    Index(None, "seller_id", "campaign_id", "id"),
    Index(None, "seller_id", "account_id", "id"),
    info=walled(Wall.TENANT),
)

# What the mock platform remembers of statuses that were set on it.
mock_statuses = Table(
    "mock_statuses",
    metadata,
    tenant_id(),
    Column("account_id", Uuid, primary_key=True),
    Column("external_id", Text, primary_key=True),
    *word("level", ("CAMPAIGN", "ADSET", "AD")),
    *word("status", EntityStatus),
    instant("updated_at"),
    inside_tenant("account_id", "fb_connections"),
    info=walled(Wall.TENANT),
)
