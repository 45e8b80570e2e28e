"""Encodes answers as JSON: a large one in parts, serving others in between, and frees each part once it is encoded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["encode_answer"]

VALUES_AT_ONCE = 20_000  # encoded in 4 ms
BYTES_AT_ONCE = 50_000
# How far down an answer is taken apart: `data`, a root field, its `nodes`, and each of them.
LEVELS = 4


async def encode_answer(body: dict[str, Any], *, values: int) -> bytes:
    """The answer's bytes, the same either way. A body with many values is empty afterwards."""
    if values <= VALUES_AT_ONCE:
        return orjson.dumps(body)
    encoded, since = bytearray(), 0
    for part in _parts(body, LEVELS):
        encoded += part
        if len(encoded) - since >= BYTES_AT_ONCE:
            since = len(encoded)
            await asyncio.sleep(0)
    return bytes(encoded)


def _parts(value: Any, levels: int) -> Generator[bytes]:
    if levels and isinstance(value, dict) and value:
        yield from _members(cast("dict[str, Any]", value), levels - 1)
    elif levels and isinstance(value, list) and value:
        yield from _items(cast("list[Any]", value), levels - 1)
    else:
        yield orjson.dumps(value)


def _members(value: dict[str, Any], levels: int) -> Generator[bytes]:
    opening = b"{"
    for name in list(value):
        yield opening + orjson.dumps(name) + b":"
        yield from _parts(value.pop(name), levels)
        opening = b","
    yield b"}"


def _items(value: list[Any], levels: int) -> Generator[bytes]:
    opening = b"["
    for place, item in enumerate(value):
        value[place] = None
        yield opening
        yield from _parts(item, levels)
        opening = b","
    yield b"]"
