"""How rows are named: UUIDv7, made here and never by the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from uuid_utils.compat import uuid7

from app import clock

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["made_at", "new_id"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Ids use this machine's clock while it is within this distance of the time that all processes share.
_NEAR = timedelta(seconds=1)
_FAR = timedelta(minutes=1)
_MILLISECOND = timedelta(milliseconds=1)


class _Last:
    """The time of the newest id made from the shared time; the next one is at least a millisecond later.

    If that time is far in the future, the shared time itself was set back, and ids follow it.
    """

    made_at = _EPOCH


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562): sorts by the time it was made."""
    shared = clock.shared_now()
    if abs(shared - clock.machine_now()) < _NEAR:
        return uuid7()
    following = _Last.made_at + _MILLISECOND
    _Last.made_at = following if shared < following < shared + _FAR else shared
    return uuid7(nanoseconds=(_Last.made_at - _EPOCH) // timedelta(microseconds=1) * 1000)


def made_at(identifier: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond: its first 48 bits (RFC 9562, 5.7)."""
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)
