"""A walk over an edge, page by page, to its end or to the place where it can't go on."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from app.errors import ProviderTransientError, RequestRefusedError, UnfinishedWalkError
from app.providers.meta.rows.parse_insights import RowsText
from app.providers.meta.values.node import Node, as_node
from app.providers.meta.walks.cursors import CursorTrail, next_cursor
from app.providers.meta.walks.page_asking import PageAsking
from app.providers.meta.walks.patience import BEGINNINGS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.providers.meta.calls.page_size import PageSize
    from app.providers.meta.graph import GraphClient
    from app.providers.meta.walks.edge import Edge


class EdgeWalk:
    """Walks once. An item may come twice: pages overlap, and a walk whose cursor was lost begins anew."""

    def __init__(self, graph: GraphClient, edge: Edge, page_size: PageSize) -> None:
        self._graph = graph
        self._edge = edge
        self._asking = PageAsking(self._ask, edge, page_size, graph.patience, is_down=graph.is_down)
        self._after: str | None = None
        self._has_given = False

    async def pages(self) -> AsyncGenerator[Node]:
        """The pages. Raises, after those that there were, UnfinishedWalkError where some are missing.

        Where not even the first page comes, the ProviderError that it failed of; likewise where trouble on the way may
        have passed when the walk is begun again.
        """
        for beginning in range(1, BEGINNINGS + 1):
            try:
                async with aclosing(self._pass()) as pages:
                    async for page in pages:
                        self._has_given = True
                        yield page
                break
            except RequestRefusedError as error:
                if not self._has_given:
                    raise
                if beginning == BEGINNINGS or self._edge.is_report:
                    raise self._unfinished(str(error)) from None
        if lost := self._asking.lost:
            named = "; ".join(f"{each.external_id}: {each.reason}" for each in lost)
            raise self._unfinished(f"{len(lost)} could not be read: {named}", [each.external_id for each in lost])

    async def _pass(self) -> AsyncGenerator[Node]:
        trail = CursorTrail(self._edge.id_field)
        self._after = None
        while True:
            page, unreadable = await self._page()
            trail.note_page(page)
            yield page
            if unreadable is not None:
                raise self._unfinished(str(unreadable))
            following = next_cursor(page)
            if following is None:
                return
            trail.check(following, self._edge.what)
            self._after = following

    async def _page(self) -> tuple[Node, ProviderTransientError | None]:
        """The page at the cursor; one that does not say where to go on is asked for once more."""
        page = await self._asking.ask(self._after)
        if _cursor_trouble(page) is None:
            return page, None
        page = await self._asking.ask(self._after)
        return page, _cursor_trouble(page)

    async def _ask(self, after: str | None, limit: int, *, fields: str | None = None) -> Node:
        """A list that has begun goes on beyond our own limit: to begin it anew later would cost more calls."""
        edge = self._edge
        params = {**edge.params, "limit": str(limit)}
        if fields is not None:
            params["fields"] = fields
        if after is not None:
            params["after"] = after
        answer = await self._graph.get_answer(edge.path, params, beyond_limit=after is not None, parse=edge.parse)
        return _checked(as_node(answer, edge.what))

    def _unfinished(self, reason: str, lost: list[str] | None = None) -> UnfinishedWalkError:
        return UnfinishedWalkError(f"Meta's list of {self._edge.what} is not complete: {reason}", lost_ids=lost or ())


def _checked(page: Node) -> Node:
    """The page, which has items or an empty list of them. Raises ProviderTransientError."""
    data = page.fields.get("data")
    if data is None:
        raise page.misshapen("data", "is missing")
    if not isinstance(data, list | RowsText):
        raise page.misshapen("data", "is not a list")
    return page


def _cursor_trouble(page: Node) -> ProviderTransientError | None:
    try:
        next_cursor(page)
    except ProviderTransientError as error:
        return error
    return None
