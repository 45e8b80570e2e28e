"""How rows are named: UUIDv7, made here and never by the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from uuid_utils.compat import uuid7

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["made_at", "new_id"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562): sorts by the time it was made."""
    return uuid7()


def made_at(identifier: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond: its first 48 bits (RFC 9562, 5.7)."""
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)
