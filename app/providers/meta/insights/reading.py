"""Insights of an account, however many they are.

Little is asked for at once. Much - as the caller expects, or as Meta says - comes as an asynchronous report. A report
that fails is tried once more; then the query is cut: an account into some campaigns at a time, those into half the
days, as connectors have found to work (airbyte-source-facebook-marketing 6.1.9).
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from app.errors import ProviderTransientError, RequestRefusedError, TooMuchDataError, UnfinishedWalkError
from app.providers.meta.calls.look_ahead import work_ahead
from app.providers.meta.calls.page_size import SMALLEST_PAGE, PageSize
from app.providers.meta.insights.report import InsightReport
from app.providers.meta.rows.insight_fields import find_campaign_id
from app.providers.meta.walks.edge import Edge
from app.providers.meta.walks.edge_walk import EdgeWalk
from app.providers.meta.walks.lost_rows import lost_rows
from app.providers.meta.walks.refusals import is_unready_report

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from app.providers.contract import InsightRows
    from app.providers.meta.graph import GraphClient
    from app.providers.meta.insights.query import InsightQuery
    from app.providers.meta.insights.report_policy import Patience, ReportPolicy
    from app.providers.meta.rows.parse_insights import InsightParser
    from app.providers.sync_warnings import SyncWarnings

_TOO_SMALL = "Meta failed to make even the smallest insights report twice"
# Smallest parts that one reading does without.
_LOST_PARTS = 5
# Smallest parts that are lost at first, with no row read yet, before one more part decides whether to go on.
_LOST_AT_FIRST = 2
_AHEAD = 2  # pages that are read while the next one is asked for


class _Pages(NamedTuple):
    """What was read of a report; `is_whole`: that is all there is, or all that another one like it would give."""

    pages: Sequence[InsightRows]
    is_whole: bool = True


class InsightReading:
    """Reads one account.

    `size_of` knows the page size of an edge, `parser` reads its pages, `warnings` names what is lost. `patience` is
    shared by all readings of a job.
    """

    def __init__(
        self,
        graph: GraphClient,
        account_path: str,
        *,
        policy: ReportPolicy,
        patience: Patience,
        size_of: Callable[[str], PageSize],
        parser: InsightParser,
        warnings: SyncWarnings,
    ) -> None:
        self._graph = graph
        self._account_path = account_path
        self._policy = policy
        self._patience = patience
        self._size_of = size_of
        self._parser = parser
        self._warnings = warnings
        # The last report was complete, and its rows came at no size: size is not what is wrong with this account.
        self._is_barren = False

    async def read(self, query: InsightQuery, *, expected_rows: int | None) -> AsyncGenerator[InsightRows]:
        """Pages of rows.

        Raises ProviderTransientError where they take too long, or not even the smallest parts can be read, so that
        asking for less would not help.

        Where a walk broke off and its rest comes in another way, rows of it come twice: the later ones count.
        """
        if self._policy.avoids_reports:
            parts = self._read_at_once(query)
        elif expected_rows is None or expected_rows < self._policy.async_rows:
            parts = self._read_at_once_or_report(query)
        else:
            parts = self._read_reports(query)
        async with aclosing(parts) as pages:
            async for page in pages:
                yield page

    async def _read_at_once_or_report(self, query: InsightQuery) -> AsyncGenerator[InsightRows]:
        try:
            async for page in self._walk(query):
                yield page
        except (TooMuchDataError, UnfinishedWalkError):
            pass
        else:
            return
        async for page in self._read_reports(query):
            yield page

    async def _read_at_once(self, query: InsightQuery) -> AsyncGenerator[InsightRows]:
        """In smaller and smaller parts; a report is made of what does not come in the smallest."""
        parts = [query]
        while parts:
            part = parts.pop(0)
            try:
                async for page in self._walk(part):
                    yield page
            except (TooMuchDataError, UnfinishedWalkError):
                pass
            else:
                continue
            if smaller := await self._cut(part):
                parts[:0] = smaller
            else:
                async for page in self._read_reports(part):
                    yield page

    async def _walk(self, query: InsightQuery) -> AsyncGenerator[InsightRows]:
        edge = self._edge(f"{self._account_path}/insights", query.params())
        async with aclosing(self._rows(edge, self._size_of(query.edge))) as pages:
            async for page in pages:
                yield page

    async def _read_reports(self, query: InsightQuery) -> AsyncGenerator[InsightRows]:
        """A part is handed on when all of it was asked for; the smaller ones of a part that broke off come after it.

        The smallest parts that fail cost themselves alone, unless all of them do. Where the first ones fail, a part as
        far from them as can be is tried whole, so that an account of which nothing can be read costs few calls.
        """
        report = InsightReport(self._graph, self._account_path, self._patience)
        parts, has_given, has_broken_off = [query], False, False
        lost: list[InsightQuery] = []
        while parts and len(lost) <= _LOST_PARTS:
            is_last_hope = not has_given and len(lost) == _LOST_AT_FIRST
            part = parts.pop(-1 if is_last_hope else 0)
            read = await self._read_report(report, part)
            for page in read.pages:
                yield page
            if read.is_whole:
                has_given = True
                continue
            has_broken_off = has_broken_off or bool(read.pages)
            if not is_last_hope and (smaller := await self._cut(part)):
                parts[:0] = smaller
            else:
                lost.append(part)
                if is_last_hope:
                    break
        if lost and not has_broken_off and (parts or not has_given):
            raise ProviderTransientError(_TOO_SMALL)
        for part in lost + parts:
            yield lost_rows(part, _TOO_SMALL, self._warnings)

    async def _read_report(self, report: InsightReport, query: InsightQuery) -> _Pages:
        """What came of a report that could not be made, or not be read for all that is in it, is not whole.

        A smaller one may be. A report that Meta denies is made anew once; a smaller one would be denied too. Once the
        rows of one came at no size, one report of each smaller query is enough.
        """
        read = _Pages((), is_whole=False)
        for is_last in (True,) if self._is_barren else (False, True):
            try:
                path = await report.build(query)
                if path is not None:
                    read = max(read, await self._read_rows(path, query, is_last=is_last), key=_worth)
            except (RequestRefusedError, ProviderTransientError) as error:
                if not is_unready_report(error):
                    raise
                if is_last:
                    raise RequestRefusedError(str(error), code=error.code, subcode=error.subcode) from None
            if read.is_whole:
                break
        return read

    async def _read_rows(self, path: str, query: InsightQuery, *, is_last: bool) -> _Pages:
        """All rows of a finished report, or those that came; of the last that is made for a query, what there is."""
        edge = self._edge(f"{path}/insights", {}, is_report=True)
        size = PageSize(SMALLEST_PAGE) if self._is_barren else self._size_of(f"report/{query.edge}")
        pages: list[InsightRows] = []
        try:
            async with aclosing(self._rows(edge, size)) as rows:
                async for page in rows:
                    pages.append(page)  # noqa: PERF401  # what was read before a failure counts
        except TooMuchDataError:
            self._is_barren = not pages
            return _Pages(pages, is_whole=False)
        except UnfinishedWalkError as error:
            if not is_last:
                return _Pages(pages, is_whole=False)
            pages.append(lost_rows(query, str(error), self._warnings))
        self._is_barren = False
        return _Pages(pages)

    async def _cut(self, query: InsightQuery) -> list[InsightQuery]:
        """The smaller queries that a query is made of; none where there are no smaller ones."""
        parts: list[InsightQuery] = []
        if query.has_campaigns and query.campaign_ids is None:
            parts = query.of_campaigns(await self._list_campaign_ids(query))
        if len(parts) <= 1:
            parts = query.of_half_the_days()
        if not parts and query.campaign_ids is not None and len(query.campaign_ids) > 1:
            parts = query.of_campaigns(query.campaign_ids)
        return parts

    async def _list_campaign_ids(self, query: InsightQuery) -> Sequence[str]:
        """The campaigns that delivered in the query's days; none where not all can be listed."""
        edge = f"{self._account_path}/insights"
        try:
            size = self._size_of("insights/campaign")
            listing = self._graph.list_pages(Edge(edge, query.campaign_params(), "insights"), size)
            pages = [page async for page in listing]
        except (TooMuchDataError, UnfinishedWalkError):
            return []
        return list(dict.fromkeys(filter(None, (find_campaign_id(item) for page in pages for item in page))))

    def _edge(self, path: str, params: dict[str, str], *, is_report: bool = False) -> Edge:
        return Edge(path, params, "insights", self._parser.parse_page, is_report=is_report)

    async def _rows(self, edge: Edge, page_size: PageSize) -> AsyncGenerator[InsightRows]:
        walk = EdgeWalk(self._graph, edge, page_size).pages()
        async with aclosing(walk), aclosing(work_ahead(walk, self._parser.read_rows, ahead=_AHEAD)) as pages:
            async for rows in pages:
                if rows or rows.gaps:
                    yield rows


def _worth(read: _Pages) -> tuple[bool, int]:
    return read.is_whole, sum(map(len, read.pages))
