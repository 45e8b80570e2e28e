"""Cursors: where a row stands in one list, as text that only this list takes back.

A cursor holds a version, a fingerprint of the list (its seller, kind, parent, conditions and order), and the row's
position: the values of the sort keys, the id last; or, where the order is pinned, the name of the walk, or of the row
where the walk is not kept, and the place in it. It is not a secret, and grants nothing: it only says where to go on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from app.errors import InputError
from app.queries.lists.orders import SortKey
from app.services.reads.walk_parts import WalkPosition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.queries.lists.listings import Listing
    from app.queries.lists.sources import Row

VERSION = 2
MAX_LENGTH = 8192
MAX_NAME_LENGTH = 64
MAX_PLACE = 2**31
FINGERPRINT_BYTES = 9


class Cursors:
    """Writes and reads the cursors of one list of one seller."""

    def __init__(self, listing: Listing[Row], seller_id: UUID) -> None:
        self._listing = listing
        self._order = listing.order
        self._seller_id = seller_id

    @cached_property
    def _fingerprint(self) -> str:
        """Made when a cursor is asked for: a filter may have a thousand ids."""
        listing = self._listing
        identity = (self._seller_id.hex, listing.source.name, listing.parent, listing.conditions, listing.order.keys)
        digest = hashlib.blake2b(repr(identity).encode(), digest_size=FINGERPRINT_BYTES).digest()
        return base64.b64encode(digest).decode()

    def write(self, position: Sequence[object]) -> str:
        """The cursor of a position in this list."""
        body = orjson.dumps([VERSION, self._fingerprint, *position], default=_written)
        return base64.urlsafe_b64encode(body).decode().rstrip("=")

    def write_row(self, row: object) -> str:
        """The cursor of a row of this list, whose order is not pinned."""
        return self.write(self._order.position_of(row))

    def read(self, text: str, argument: str) -> tuple[object, ...]:
        """The position in a cursor. Raises InputError naming the argument when it is not one of this very list."""
        try:
            return self._position(text)
        except (ValueError, TypeError, OverflowError, binascii.Error):
            raise InputError(argument, "is not a cursor of this list; leave it out to start again") from None

    def _position(self, text: str) -> tuple[object, ...]:
        version, fingerprint, *position = _decoded(text)
        if version != VERSION or fingerprint != self._fingerprint:
            raise ValueError
        if self._order.pinned:
            return _walk_position(*position)
        keys = zip(self._order.keys, position, strict=True)
        return tuple(_value(key, value) for key, value in keys if isinstance(key, SortKey))


def _decoded(text: str) -> list[object]:
    if len(text) > MAX_LENGTH:
        raise ValueError
    body: object = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(body, list):
        raise TypeError
    return body  # pyright: ignore[reportUnknownVariableType]  # every item is checked by its reader


def _written(value: object) -> str:
    """Text of a UUID: asyncpg has a class of its own, which orjson does not know."""
    if not isinstance(value, UUID):
        raise TypeError
    return str(value)


def _walk_position(name: object, place: object) -> WalkPosition:
    known, number = _text(name), _integer(place)
    if len(known) > MAX_NAME_LENGTH or not known.isalnum() or not 0 <= number <= MAX_PLACE:
        raise ValueError
    position = WalkPosition(known, number)
    _ = position.row_id  # what claims to be a row's name must be one
    return position


def _value(key: SortKey, value: object) -> object:
    return None if value is None and key.nullable else _READERS[key.sql_type](value)


def _text(value: object) -> str:
    if not isinstance(value, str) or "\x00" in value:  # a text of PostgreSQL has no NUL
        raise TypeError
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise TypeError
    return value


def _instant(value: object) -> datetime:
    instant = datetime.fromisoformat(_text(value))
    if instant.tzinfo is None:
        raise ValueError
    return instant.astimezone(UTC)  # out of the calendar in UTC: OverflowError


_READERS: dict[str, Callable[[object], object]] = {
    "text": _text,
    "bigint": _integer,
    "timestamptz": _instant,
    "uuid": lambda value: UUID(_text(value)),
}
