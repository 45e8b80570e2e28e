"""What becomes of a seller's days: aggregated in the morning, closed when nothing is restated any more, ranked."""

from __future__ import annotations

from sqlalchemy import ARRAY, Boolean, Column, Date, Integer, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app.database.tables.metadata import Wall, instant, metadata, tenant_id, walled

# `missing` lists the connections whose day did not arrive, each with its id, name and reason.
daily_aggregations = Table(
    "daily_aggregations",
    metadata,
    tenant_id(),
    Column("stat_date", Date, primary_key=True),
    instant("aggregated_at"),
    Column("connections", Integer, nullable=False),
    Column("missing", JSONB, nullable=False),
    info=walled(Wall.TENANT),
)

# A day of an account that the platform restates no more, written once.
closed_days = Table(
    "closed_days",
    metadata,
    tenant_id(),
    Column("account_id", Uuid, primary_key=True),
    Column("stat_date", Date, primary_key=True),
    instant("closed_at"),
    info=walled(Wall.TENANT),
)

# The entities of a day, best first by one metric. `entities` is how many took part, `is_final` whether every
# account's day is closed. Values are not stored: readers derive them from the daily rows.
leaderboards = Table(
    "leaderboards",
    metadata,
    tenant_id(),
    Column("stat_date", Date, primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("entity_ids", ARRAY(Uuid), nullable=False),
    Column("entities", Integer, nullable=False),
    Column("is_final", Boolean, nullable=False),
    instant("ranked_at"),
    info=walled(Wall.TENANT),
)
