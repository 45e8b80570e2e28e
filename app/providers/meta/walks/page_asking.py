"""Asks for the pages of one walk: smaller ones where a page fails again in passing, around an object that spoils one.

Meta calls a page too heavy in many ways: "reduce the amount of data", but also an unknown error, a 5xx, no answer at
all or half of one. The first says so and is believed at once; the others are believed when the same page fails again.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from app.errors import (
    PlatformDownError,
    PlatformUnreachableError,
    ProviderError,
    ProviderTransientError,
    RequestRefusedError,
    TooMuchDataError,
)
from app.providers.meta.calls.errors import PAGE_TOO_HEAVY
from app.providers.meta.calls.page_size import SMALLEST_PAGE
from app.providers.meta.walks.bad_object import BadObjectSearch, LostObject
from app.providers.meta.walks.patience import PAGE_SECONDS, READ_AGAIN, SLOW_SECONDS, TRIES_AT_A_SIZE
from app.providers.meta.walks.refusals import as_too_much, is_about_ours, is_page_too_large, may_be_one_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol

    from app.providers.meta.calls.page_size import PageSize
    from app.providers.meta.values.node import Node
    from app.providers.meta.walks.edge import Edge
    from app.providers.meta.walks.patience import WalkPatience

    class AskPage(Protocol):
        async def __call__(self, after: str | None, limit: int, *, fields: str | None = None) -> Node: ...


# Objects that one walk steps around.
MAX_LOST = 10
_ANSWERED_ALL_THE_SAME = (ProviderTransientError, TooMuchDataError, RequestRefusedError)


class PageAsking:
    """`lost` are the objects that were stepped around so far."""

    def __init__(
        self,
        ask: AskPage,
        edge: Edge,
        size: PageSize,
        patience: WalkPatience,
        *,
        is_down: Callable[[], Awaitable[bool]],
    ) -> None:
        self.lost: list[LostObject] = []
        self._ask = ask
        self._edge = edge
        self._size = size
        self._patience = patience
        self._is_down = is_down
        self._search: BadObjectSearch | None = None

    async def ask(self, after: str | None) -> Node:
        """The page at a cursor, maybe a small part of it, without items where the only one can't be read.

        Raises the ProviderError that it failed of at last; of statistics, which can be asked for in smaller parts,
        TooMuchDataError where that was passing trouble at every size.
        """
        if self._search is not None:
            return await self._ask_around(after, self._search)
        page = _Page(self._size.value)
        while True:
            try:
                node = await self._ask(after, page.size)
            except ProviderError as error:
                if not await self._may_come(error, after, page):
                    if not self._edge.id_field:
                        raise as_too_much(error, self._edge) from None
                    if not may_be_one_object(error):
                        raise
                    self._search = BadObjectSearch(page.size)
                    return await self._ask_around(after, self._search, because=error)
            else:
                self._size.settle(page.size)
                return node

    async def _may_come(self, error: ProviderError, after: str | None, page: _Page) -> bool:
        """Whether to ask once more, at the size that `page` has then; waits before.

        Raises PlatformDownError where no size would help.
        """
        if self._is_too_heavy(error):
            shrinks = self._size.shrink(page.size)
            page.size = self._size.value
            return shrinks
        if is_about_ours(error, self._edge, after):
            page.read_again += 1
            if page.read_again > READ_AGAIN:
                return False
            await self._patience.long_pause(page.read_again)
            return True
        if not self._is_passing(error, after):
            return False
        may_come = page.note_failure()
        if page.failures == TRIES_AT_A_SIZE and await self._is_down():
            raise PlatformDownError(str(error), code=error.code, subcode=error.subcode)
        if not may_come:
            return False
        await self._patience.pause(page.failures)
        return True

    def _is_too_heavy(self, error: ProviderError) -> bool:
        """Whether a smaller page is the answer, which a listing alone can be asked for in no other way."""
        if is_page_too_large(error):
            return True
        if not isinstance(error, TooMuchDataError) or error.code is None:
            return False
        return error.code == PAGE_TOO_HEAVY or self._edge.id_field is not None

    def _is_passing(self, error: ProviderError, after: str | None) -> bool:
        """A whole query that is not answered in time is asked for in another way; the rest of one is asked for."""
        if isinstance(error, TooMuchDataError):
            return error.code is None and (after is not None or self._edge.is_report)
        return isinstance(error, ProviderTransientError) and not isinstance(error, PlatformUnreachableError)

    async def _ask_around(
        self, after: str | None, search: BadObjectSearch, *, because: ProviderError | None = None
    ) -> Node:
        while True:
            size = search.size
            try:
                page = await self._ask(after, size)
            except _ANSWERED_ALL_THE_SAME as error:
                if size > 1:
                    search.note_refused(size)
                    continue
                self._search = None
                return await self._step_around(after, because or error)
            search.note_good(size)
            if search.is_over:
                self._search = None
            return page

    async def _step_around(self, after: str | None, error: ProviderError) -> Node:
        """The page of one object by its id alone, to know what to name and where to go on. Raises `error`."""
        id_field = self._edge.id_field
        if id_field is None or len(self.lost) >= MAX_LOST:
            raise error
        try:
            page = await self._ask(after, 1, fields=id_field)
            lost = [LostObject(node.text(id_field), str(error)) for node in page.children("data")]
        except _ANSWERED_ALL_THE_SAME:
            raise error from None
        self.lost += lost
        return page._replace(fields={**page.fields, "data": []})


class _Page:
    """One page that is being asked for: at which size by now, and what has failed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.failures = 0
        self.read_again = 0
        self._began_at = self._asked_at = monotonic()

    def note_failure(self) -> bool:
        """The next size is that of the same page again, or half of it. False where no smaller one is worth a call."""
        now = monotonic()
        took, self._asked_at = now - self._asked_at, now
        self.failures += 1
        if self.failures < TRIES_AT_A_SIZE and took < SLOW_SECONDS:
            return True
        if self.size <= SMALLEST_PAGE or now - self._began_at > PAGE_SECONDS:
            return False
        self.size = max(self.size // 2, SMALLEST_PAGE)
        return True
