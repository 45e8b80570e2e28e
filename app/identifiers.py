"""How rows are named: UUIDv7, made here and never by the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uuid_utils.compat import uuid7

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["new_id"]


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562): sorts by the time it was made."""
    return uuid7()
