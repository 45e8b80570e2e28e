"""What a seller has connected on Meta: ad accounts, pages, pixels, conversion sources."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Date,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from app.database.tables.metadata import (
    Wall,
    identifier,
    inside_tenant,
    instant,
    metadata,
    tenant_id,
    walled,
    word,
)
from app.vocabulary import AccountStanding, ConnectionHealth, ConnectionKind, ConnectionTrouble, ProviderKind

fb_connections = Table(
    "fb_connections",
    metadata,
    tenant_id(),
    identifier(),
    *word("kind", ConnectionKind),
    *word("provider", ProviderKind),
    Column("external_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("parent_id", Uuid, nullable=True),
    Column("is_primary", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    *word("standing", AccountStanding),
    *word("health", ConnectionHealth),
    Column("health_reason", Text, nullable=True),
    # Null while healthy, and for what was refused before this was kept.
    *word("health_class", ConnectionTrouble, nullable=True),
    instant("health_changed_at"),
    # AES-256-GCM; the key id says which key. Null for a provider that needs no token.
    Column("token_key_id", Text, nullable=True),
    Column("token_ciphertext", LargeBinary, nullable=True),
    instant("token_changed_at", nullable=True),
    # What the platform said of the token when it was last asked.
    instant("token_checked_at", nullable=True),
    instant("token_expires_at", nullable=True),
    Column("token_scopes", ARRAY(Text), nullable=True),
    # When the history of a new account was asked for; null: not yet.
    instant("backfill_requested_at", nullable=True),
    instant("structure_synced_at", nullable=True),
    instant("delivery_synced_at", nullable=True),
    instant("stats_synced_at", nullable=True),
    # The newest day, in the account's zone, on which money was spent.
    Column("spent_on", Date, nullable=True),
    # Every how many slots of the schedule its stats are synced: 1, or more where its call budget can't carry that.
    Column("stats_stretch", SmallInteger, nullable=False),
    instant("stats_stretched_at", nullable=True),
    # The job that reads its structure from the platform now, or that did when it died.
    Column("structure_job_id", Uuid, nullable=True),
    # The newest day up to which every day is closed: the platform restates none of them any more.
    Column("closed_through", Date, nullable=True),
    instant("created_at"),
    instant("updated_at"),
    UniqueConstraint("seller_id", "kind", "external_id"),
    inside_tenant("parent_id", "fb_connections"),
    Index(None, "seller_id", "parent_id"),
    info=walled(Wall.TENANT),
)
