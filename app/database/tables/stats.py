"""The three tiers of stored statistics (raw snapshots, newest snapshot a day, roll-ups) and the fetch log.

Counters are bigint, money in micros of the account's currency unit. The keys of the daily table are day-led, with
an entity-led index beside it; half-filled pages keep the updates of a tick HOT, as no indexed column ever changes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app.database.tables.metadata import Wall, instant, metadata, tenant_id, walled
from app.metrics.counters import Counters


def _counters() -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in Counters._fields]


# Append-only, a partition a month of stat_date (app.database.partitions).
ad_stats_raw = Table(
    "ad_stats_raw",
    metadata,
    tenant_id(),
    Column("level", SmallInteger, primary_key=True),
    Column("entity_id", Uuid, primary_key=True),
    Column("stat_date", Date, primary_key=True),
    Column("fetched_at", instant("fetched_at").type, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    *_counters(),
    # Meta's own ratios, for audit; never read back into a metric.
    Column("reported_ratios", JSONB(none_as_null=True), nullable=True),
    Column("attribution_setting", Text, nullable=True),
    postgresql_partition_by="RANGE (stat_date)",
    info=walled(Wall.TENANT),
)

# One row an entity and day: the newest snapshot. An ACCOUNT row's entity is the connection.
ad_stats_daily = Table(
    "ad_stats_daily",
    metadata,
    tenant_id(),
    Column("level", SmallInteger, primary_key=True),
    Column("stat_date", Date, primary_key=True),
    Column("entity_id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    *_counters(),
    instant("fetched_at"),
    Index("ix_ad_stats_daily_entity", "seller_id", "level", "entity_id", "stat_date"),
    postgresql_with={"fillfactor": 50},
    info=walled(Wall.TENANT),
)

# That a day was fetched, whether or not it brought anything new.
stats_fetches = Table(
    "stats_fetches",
    metadata,
    tenant_id(),
    Column("account_id", Uuid, primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("stat_date", Date, primary_key=True),
    instant("first_fetched_at"),
    instant("fetched_at"),
    # Of the day's rows as they were last written: a fetch that brings the same writes nothing but this row.
    Column("content_hash", LargeBinary, nullable=True),
    postgresql_with={"fillfactor": 50},
    info=walled(Wall.TENANT),
)

# Days that are not in their ad account's present currency: what was fetched of one before `fetched_before` is in
# `currency`, unless a row with an earlier `fetched_before` says something else. 'infinity': that still holds.
day_currencies = Table(
    "day_currencies",
    metadata,
    tenant_id(),
    Column("account_id", Uuid, primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("stat_date", Date, primary_key=True),
    Column("fetched_before", instant("fetched_before").type, primary_key=True),
    Column("currency", Text, nullable=False),
    info=walled(Wall.TENANT),
)

sellpage_stats_daily = Table(
    "sellpage_stats_daily",
    metadata,
    tenant_id(),
    Column("stat_date", Date, primary_key=True),
    Column("sellpage_id", Uuid, primary_key=True),
    Column("ad_source", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    *_counters(),
    postgresql_with={"fillfactor": 50},
    info=walled(Wall.TENANT),
)

# Days whose totals are behind their daily rows, until the next refresh.
stale_days = Table(
    "stale_days",
    metadata,
    tenant_id(),
    Column("stat_date", Date, primary_key=True),
    info=walled(Wall.TENANT),
)

# A seller's day in one currency: what its ad accounts report for themselves, summed.
seller_stats_daily = Table(
    "seller_stats_daily",
    metadata,
    tenant_id(),
    Column("stat_date", Date, primary_key=True),
    Column("currency", Text, primary_key=True),
    *_counters(),
    postgresql_with={"fillfactor": 50},
    info=walled(Wall.TENANT),
)
