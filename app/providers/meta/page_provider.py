"""One page on Meta, as the contract's values and errors, with the page's own token."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.errors import RequestRefusedError
from app.providers.meta.batches.post_batch import PostBatch
from app.providers.meta.calls.access import Access
from app.providers.meta.calls.credentials import Credentials
from app.providers.meta.calls.dead_metric import as_dead_metric
from app.providers.meta.calls.page_size import PageSizes
from app.providers.meta.calls.version_upgrade import VersionUpgrades
from app.providers.meta.graph import GraphClient
from app.providers.meta.structure.parse_page import PAGE_FIELDS, POST_FIELDS, parse_page, read_page_days, read_posts
from app.providers.meta.walks.day_walk import Days, walk_days
from app.providers.meta.walks.edge import Edge
from app.providers.sync_warnings import SyncWarnings
from app.vocabulary import UseCase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from datetime import date

    import httpx
    from pydantic import SecretStr

    from app.providers.contract import CallBudget, PageMetricRow, PageRecord, PostMetricRow, PostRecord
    from app.providers.meta.walks.patience import WalkPatience

# Meta answers at most 90 days at once (its documentation); whether both ends count is not said, so one less.
DAYS_PER_QUERY = 89
# Feeds answer at most 100 posts a page (from memory; fewer come without harm).
POSTS_PER_PAGE = 100
_DAY = timedelta(days=1)


class MetaPageProvider:
    """Fulfils `PageProvider`. The arguments are those of `MetaProvider`, for a page."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        graph_url: str,
        api_version: str,
        page_external_id: str,
        access_token: SecretStr,
        app_secret: SecretStr | None = None,
        posts_per_page: int = POSTS_PER_PAGE,
        budget: CallBudget | None = None,
        page_sizes: PageSizes | None = None,
        patience: WalkPatience | None = None,
        warnings: SyncWarnings | None = None,
    ) -> None:
        self.warnings = SyncWarnings() if warnings is None else warnings
        self._page_path = quote(page_external_id, safe="")
        self._graph = GraphClient(
            client,
            version_url=f"{graph_url.rstrip('/')}/{api_version}",
            credentials=Credentials(access_token, app_secret),
            use_case=UseCase.PAGES,
            account=page_external_id,
            budget=budget,
            patience=patience,
            access=Access(self._page_path),
            warnings=self.warnings,
            upgrades=VersionUpgrades(api_version, self.warnings),
        )
        self._page_external_id = page_external_id
        self._posts_per_page = posts_per_page
        self._page_sizes = page_sizes or PageSizes()

    def __repr__(self) -> str:
        return f"MetaPageProvider({self._page_external_id})"

    async def get_page(self) -> PageRecord:
        node = await self._graph.get(self._page_path, {"fields": PAGE_FIELDS}, what="page")
        return parse_page(node, self._page_external_id, self.warnings)

    async def read_page_metrics(self, metrics: Sequence[str], since: date, until: date) -> Sequence[PageMetricRow]:
        """A longer range than Meta answers at once is asked for in pieces."""
        rows: list[PageMetricRow] = []
        for piece in _pieces(since, until) if metrics else ():
            walk = walk_days(partial(self._read_metrics, metrics), piece, self._graph.patience)
            async for (first, last), found in walk:
                rows += read_page_days(found, first, last, self.warnings)
        return rows

    async def list_posts(self, since: date) -> AsyncIterator[Sequence[PostRecord]]:
        """The newest first; Meta's `since` spares calls, and what it lets through is left out here."""
        begin = datetime.combine(since, time.min, tzinfo=UTC)
        edge = Edge(
            f"{self._page_path}/posts",
            {"fields": POST_FIELDS, "since": str(int(begin.timestamp()))},
            "posts",
            id_field="id",
        )
        size = self._page_sizes.get_size(self._page_path, "posts", largest=self._posts_per_page)
        pages = self._graph.list_pages(edge, size)
        async for page in pages:
            if posts := [post for post in read_posts(page, self.warnings) if post.created_at >= begin]:
                yield posts

    async def read_post_metrics(
        self,
        post_external_ids: Sequence[str],
        metrics: Sequence[str],
    ) -> Sequence[PostMetricRow]:
        if not metrics:
            return []
        return await PostBatch(self._graph, metrics, self.warnings).read(post_external_ids)

    async def _read_metrics(self, metrics: Sequence[str], first: date, last: date) -> Sequence[object]:
        """The values of day D are labelled D+1, so that `until` is the day after the last one."""
        params = {
            "metric": ",".join(metrics),
            "period": "day",
            "since": first.isoformat(),
            "until": (last + _DAY).isoformat(),
        }
        try:
            answer = await self._graph.get(f"{self._page_path}/insights", params, what="page insights")
        except RequestRefusedError as error:
            raise as_dead_metric(error) or error from None
        return answer.items("data")


def _pieces(since: date, until: date) -> Iterator[Days]:
    first = since
    while first <= until:
        last = min(first + (DAYS_PER_QUERY - 1) * _DAY, until)
        yield Days(first, last)
        first = last + _DAY
