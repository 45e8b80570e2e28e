"""The audit trail (who changed what, when, and what Meta answered), the login trail, and answered requests."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app.database.tables.metadata import Wall, identifier, instant, metadata, tenant_id, walled, word
from app.vocabulary import LoginOutcome

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
    # A key is its user's: another user with the same key makes another request.
    Column("user_id", Uuid, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    # Null while the first request with this key is still at work.
    Column("answer", JSONB(none_as_null=True), nullable=True),
    instant("created_at"),
    info=walled(Wall.TENANT),
)

# Kept for LOGIN_EVENTS_DAYS. `created_at` is the database's clock; no e-mail address is stored.
login_events = Table(
    "login_events",
    metadata,
    identifier(),
    instant("created_at"),
    *word("outcome", LoginOutcome),
    Column("account_digest", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    # Null: the e-mail address belongs to no user, or was not looked up.
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=True),
    # The seller chosen. Null: the login failed.
    Column("seller_id", Uuid, nullable=True),
    Index(None, "created_at"),
    Index(None, "seller_id", "created_at"),
    Index(None, "user_id", "created_at"),
    info=walled(Wall.LOGIN_TRAIL),
)
