"""Sellers (the tenants), users, who may work for which seller, and refresh tokens."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, Uuid

from app.database.tables.metadata import Wall, identifier, instant, metadata, tenant_id, walled, word
from app.vocabulary import Role

sellers = Table(
    "sellers",
    metadata,
    identifier(),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    instant("created_at"),
    instant("updated_at"),
    UniqueConstraint("slug"),
    info=walled(Wall.SELLER),
)

users = Table(
    "users",
    metadata,
    identifier(),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_superadmin", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    instant("created_at"),
    instant("updated_at"),
    info=walled(Wall.USER),
)

# Unique over all tenants, hence small and by itself.
login_emails = Table(
    "login_emails",
    metadata,
    Column("email", Text, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    info=walled(Wall.LOGIN),
)

memberships = Table(
    "memberships",
    metadata,
    tenant_id(),
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    *word("role", Role),
    instant("created_at"),
    Index(None, "user_id"),
    info=walled(Wall.TENANT),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    tenant_id(),
    identifier(),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("family_id", Uuid, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    instant("created_at"),
    instant("expires_at"),
    instant("used_at", nullable=True),
    instant("revoked_at", nullable=True),
    UniqueConstraint("seller_id", "token_hash"),
    Index(None, "seller_id", "family_id"),
    info=walled(Wall.TENANT),
)
