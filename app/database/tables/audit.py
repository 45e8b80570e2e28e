"""Who changed what, when, from what to what, and what Meta answered; and which requests were answered already."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app.database.tables.metadata import Wall, identifier, instant, metadata, tenant_id, walled

audit_events = Table(
    "audit_events",
    metadata,
    tenant_id(),
    identifier(),
    # The events of one request share it.
    Column("batch_id", Uuid, nullable=False),
    Column("actor_id", Uuid, nullable=True),
    Column("action", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("before", JSONB, nullable=False),
    Column("after", JSONB, nullable=False),
    Column("platform_answer", JSONB(none_as_null=True), nullable=True),
    Column("correlation_id", Text, nullable=True),
    instant("created_at"),
    Index(None, "seller_id", "subject_id", "id"),
    Index(None, "seller_id", "batch_id"),
    # Nothing of the trail is ever deleted: what asks for a week of it must not read years.
    Index(None, "seller_id", "created_at"),
    info=walled(Wall.TENANT),
)

idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    tenant_id(),
    Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    # Null while the first request with this key is still at work.
    Column("answer", JSONB(none_as_null=True), nullable=True),
    instant("created_at"),
    info=walled(Wall.TENANT),
)
