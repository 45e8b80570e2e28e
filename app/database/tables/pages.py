"""Pages: their metrics by day, their posts, and which of the platform's metrics are still alive for them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Table, Text, UniqueConstraint, Uuid

from app.database.tables.metadata import Wall, identifier, inside_tenant, instant, metadata, tenant_id, walled, word
from app.vocabulary import MetricState

page_stats_daily = Table(
    "page_stats_daily",
    metadata,
    tenant_id(),
    Column("connection_id", Uuid, primary_key=True),
    Column("stat_date", Date, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
    instant("fetched_at"),
    info=walled(Wall.TENANT),
)

# Each metric was asked for by itself; a dead one is recorded and skipped until it is asked for again.
page_metrics = Table(
    "page_metrics",
    metadata,
    tenant_id(),
    Column("connection_id", Uuid, primary_key=True),
    Column("metric", Text, primary_key=True),
    *word("state", MetricState),
    Column("reason", Text, nullable=True),
    instant("probed_at"),
    inside_tenant("connection_id", "fb_connections"),
    info=walled(Wall.TENANT),
)

page_posts = Table(
    "page_posts",
    metadata,
    tenant_id(),
    identifier(),
    Column("connection_id", Uuid, nullable=False),
    Column("external_id", Text, nullable=False),
    # The platform's own time; the others are ours.
    instant("created_at"),
    Column("message", Text, nullable=True),
    Column("permalink_url", Text, nullable=True),
    instant("first_seen_at"),
    instant("updated_at"),
    # When its metrics were last asked for, whether they had changed or not; null: not yet.
    instant("metrics_read_at", nullable=True),
    UniqueConstraint("seller_id", "connection_id", "external_id"),
    inside_tenant("connection_id", "fb_connections"),
    Index(None, "seller_id", "connection_id", "created_at"),
    info=walled(Wall.TENANT),
)

# A post's metrics are lifetime values: a row says what one was at the end of a day, and is written when it changed.
post_stats_daily = Table(
    "post_stats_daily",
    metadata,
    tenant_id(),
    Column("post_id", Uuid, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("stat_date", Date, primary_key=True),
    Column("value", BigInteger, nullable=False),
    instant("fetched_at"),
    inside_tenant("post_id", "page_posts"),
    info=walled(Wall.TENANT),
)
