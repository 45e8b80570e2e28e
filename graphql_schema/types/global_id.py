"""Global ids: what clients see in place of our ids. Opaque to them; to us, a type's name and a UUID.

A well-formed id says nothing about whether there is such a thing, nor whose it is.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import strawberry

from app.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LENGTH = 100
MAX_IDS = 500


class GlobalId(NamedTuple):
    type_name: str
    id: UUID


def global_id(type_name: str, identifier: UUID) -> strawberry.ID:
    """The id that a client sees."""
    return strawberry.ID(base64.b64encode(f"{type_name}:{identifier}".encode()).decode())


def read_global_id(text: str, argument: str) -> GlobalId:
    """What stands behind an id. Raises InputError naming the argument when it is not one of ours."""
    try:
        return _parsed(text)
    except (ValueError, binascii.Error):
        raise InputError(argument, "is not an id of this API") from None


def read_id(text: str, type_name: str, argument: str) -> UUID:
    """The UUID behind an id of one type. Raises InputError naming the argument for an id of another type."""
    found = read_global_id(text, argument)
    if found.type_name != type_name:
        raise InputError(argument, f"must be the id of {_with_article(type_name)}")
    return found.id


def read_ids(texts: Sequence[str], type_name: str, argument: str) -> tuple[UUID, ...]:
    """Several of them, in order, each once. Raises InputError naming the place: `filter.ids.2`."""
    if len(texts) > MAX_IDS:
        raise InputError(argument, f"has {len(texts)} ids, more than the limit of {MAX_IDS}")
    return tuple(dict.fromkeys(read_id(text, type_name, f"{argument}.{n}") for n, text in enumerate(texts)))


def _parsed(text: str) -> GlobalId:
    if len(text) > MAX_LENGTH:
        raise ValueError
    type_name, _, written = base64.b64decode(text, validate=True).decode().partition(":")
    identifier = UUID(written)
    if str(identifier) != written:
        raise ValueError
    return GlobalId(type_name, identifier)


def _with_article(type_name: str) -> str:
    return f"{'an' if type_name[0] in 'AEIOU' else 'a'} {type_name}"
