"""Cursor paging as Meta does it (official SDK 26.0.3, Cursor).

A cursor names the last row's place in an order that never changes, not an offset: rows that appear or vanish in
mid-walk shift nothing. `after` stands on the last page too; the end is the absence of `next`.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from app.providers.sandbox.errors import bad_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.providers.sandbox.call import GraphCall

DEFAULT_LIMIT = 25
MAX_LIMIT = 5000
"""From memory; a larger limit is cut to it without a word."""

_MAX_DIGITS = 9

Key = tuple[int, ...]
Row = TypeVar("Row")


class Page(NamedTuple):
    """A slice of the rows (their positions) and the `paging` member of the answer."""

    rows: slice
    paging: Mapping[str, object] | None


def take_page(call: GraphCall, rows: Sequence[Row], key: Callable[[Row], Key]) -> Page:
    """The page that a call asks for; `rows` are in ascending order of `key`."""
    limit = _limit(call.params.get("limit"))
    after, before = call.params.get("after"), call.params.get("before")
    if before and not after:
        stop = bisect_left(rows, _decode(before), key=key)
        start = max(0, stop - limit)
    else:
        start = bisect_right(rows, _decode(after), key=key) if after else 0
        stop = min(len(rows), start + limit)
    if start >= stop:
        return Page(slice(start, start), None)
    cursors = {"before": _encode(key(rows[start])), "after": _encode(key(rows[stop - 1]))}
    paging: dict[str, object] = {"cursors": cursors}
    ends = frozenset({"after", "before"})
    if stop < len(rows):
        paging["next"] = call.url_with({"after": cursors["after"]}, without=ends)
    if start > 0:
        paging["previous"] = call.url_with({"before": cursors["before"]}, without=ends)
    return Page(slice(start, stop), paging)


def _limit(text: str | None) -> int:
    if not text:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS or int(text) < 1:
        raise bad_parameter("Param limit must be an integer greater than or equal to 1")
    return min(int(text), MAX_LIMIT)


def _encode(key: Key) -> str:
    return base64.urlsafe_b64encode(".".join(map(str, key)).encode()).decode().rstrip("=")


def _decode(cursor: str) -> Key:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        return tuple(int(part) for part in text.split("."))
    except (binascii.Error, ValueError):
        raise bad_parameter("Invalid cursors values were provided") from None
