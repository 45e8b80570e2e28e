"""What all tables share: naming, the columns that recur, and which wall of row-level security stands before each.

Rules (a shard by seller must stay possible): `seller_id` leads every key and main index of a tenant table, ids are
UUIDv7 made in the application, foreign keys stay inside a tenant, no sequences, no triggers, and no default that the
database computes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKeyConstraint, MetaData, Text, Uuid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)


class Wall(StrEnum):
    """Which rows a session may touch; `app.database.row_security` holds the policy of each."""

    TENANT = "tenant"  # the rows of the session's seller
    SELLER = "seller"  # the seller itself
    USER = "user"  # the user who is logging in or acting
    LOGIN = "login"  # the one e-mail address that is being looked up
    WORK = "work"  # the seller's rows, or all of them for the job core
    LOGIN_TRAIL = "login_trail"  # the seller's logins and its members' failed ones; a login may insert, not read
    OPEN = "open"  # no tenant's data


def walled(wall: Wall) -> dict[str, Any]:
    """Value of `Table(info=...)`."""
    return {"wall": wall}


def tenant_id() -> Column[UUID]:
    return Column("seller_id", Uuid, nullable=False, primary_key=True)


def identifier() -> Column[UUID]:
    return Column("id", Uuid, nullable=False, primary_key=True)


def instant(name: str, *, nullable: bool = False) -> Column[datetime]:
    """A point in time, always with its zone."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def word(name: str, values: Iterable[str], *, nullable: bool = False) -> tuple[Column[str], CheckConstraint]:
    """A text column that holds one of a few words, and the check of it."""
    listed = ", ".join(f"'{value}'" for value in values)
    return Column(name, Text, nullable=nullable), CheckConstraint(f"{name} IN ({listed})", name=name)


def inside_tenant(columns: str, table: str) -> ForeignKeyConstraint:
    """A foreign key that can't leave its tenant: (seller_id, column) -> table(seller_id, id)."""
    return ForeignKeyConstraint(["seller_id", columns], [f"{table}.seller_id", f"{table}.id"])
