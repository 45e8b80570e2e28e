"""Where a walk goes on after a page, and when it can't: the bounds that end every walk.

A paging URL is never followed: it carries the token and may point anywhere. At most its `after` is read.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

from app.errors import UnfinishedWalkError
from app.providers.meta.walks.item_keys import item_keys

if TYPE_CHECKING:
    from app.providers.meta.values.node import Node

# Pages in a row without anything new; Meta sends empty ones where it filters after it has cut the pages.
IDLE_PAGES = 5
# Pages of one walk: two million objects at full size, a hundred thousand at the smallest.
MAX_PAGES = 4000


def next_cursor(page: Node) -> str | None:
    """The cursor of the next page; None at the end: the absence of `paging.next`. What is empty in any form is absent.

    Raises ProviderTransientError where there is a next page and nothing says where.
    """
    if not page.fields.get("paging"):
        return None
    paging = page.child("paging")
    if paging is None or not (url := paging.fields.get("next")):
        return None
    cursors = paging.fields.get("cursors")
    after = cast("dict[str, object]", cursors).get("after") if isinstance(cursors, dict) else None
    if isinstance(after, str | int) and after:
        return str(after)
    if isinstance(url, str) and (after := _after_of(url)):
        return after
    raise paging.misshapen("cursors", "is missing though there is a next page")


def _after_of(url: str) -> str | None:
    with suppress(ValueError):
        return next(iter(parse_qs(urlsplit(url).query).get("after", [])), None)
    return None


class CursorTrail:
    """The pages of one pass over an edge, and whether they lead anywhere. `id_field` is the edge's."""

    def __init__(self, id_field: str | None) -> None:
        self._cursors: set[str] = set()
        self._id_field = id_field
        self._seen: set[int] = set()
        self._idle_pages = 0
        self._pages = 0

    def note_page(self, page: Node) -> None:
        """A page of what was on pages before tells as little as an empty one: a circle with ever new cursors.

        Its numbers may be other ones by now, and its order too.
        """
        keys = item_keys(page.fields["data"], self._id_field)
        self._pages += 1
        self._idle_pages = self._idle_pages + 1 if keys <= self._seen else 0
        self._seen |= keys

    def check(self, cursor: str, what: str) -> None:
        """Before the page at a cursor is asked for. Raises UnfinishedWalkError at one of the bounds."""
        if cursor in self._cursors:
            raise _endless(what, f"{what}.paging does not move on")
        if self._idle_pages >= IDLE_PAGES:
            raise _endless(what, f"{IDLE_PAGES} in a row had nothing new")
        if self._pages >= MAX_PAGES:
            raise _endless(what, f"{MAX_PAGES} were read")
        self._cursors.add(cursor)


def _endless(what: str, reason: str) -> UnfinishedWalkError:
    return UnfinishedWalkError(f"Meta's list of {what} is not complete: its pages do not end, {reason}")
