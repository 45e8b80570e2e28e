"""The numbers of many posts, fifty posts a batch. A batch saves round trips and no quota: each post is a call."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from app.errors import (
    MisshapenError,
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
)
from app.providers.meta.batch_item import BATCH_SIZE, read_item
from app.providers.meta.dead_metric import as_dead_metric
from app.providers.meta.node import Node
from app.providers.meta.parse_page import read_post_values
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.providers.contract import PostMetricRow
    from app.providers.meta.graph import GraphClient
    from app.providers.sync_warnings import SyncWarnings

_TRIES = 3
_GONE = (100, 33)  # no such object any more, or none that the token may see


class PostBatch:
    """Reads the same metrics of every post; what is odd is noted in `warnings`."""

    def __init__(self, graph: GraphClient, metrics: Sequence[str], warnings: SyncWarnings) -> None:
        self._graph = graph
        self._warnings = warnings
        self._query = urlencode({"metric": ",".join(metrics), "period": "lifetime"})

    async def read(self, post_external_ids: Sequence[str]) -> Sequence[PostMetricRow]:
        """Raises the first error that is more than a post that is gone."""
        wanted = list(dict.fromkeys(post_external_ids))
        rows: list[PostMetricRow] = []
        for start in range(0, len(wanted), BATCH_SIZE):
            rows += await self._read_batch(wanted[start : start + BATCH_SIZE])
        return rows

    async def _read_batch(self, ids: Sequence[str]) -> Sequence[PostMetricRow]:
        """What Meta did not get to in time is asked for again."""
        rows: list[PostMetricRow] = []
        waiting = list(ids)
        for _ in range(_TRIES):
            items = await self._graph.post_batch([self._call(each) for each in waiting])
            answered = {each: item for each, item in zip(waiting, items, strict=False) if item is not None}
            for external_id, item in answered.items():
                rows += await self._rows(external_id, item)
            waiting = [each for each in waiting if each not in answered]
            if not waiting:
                return rows
        raise ProviderTransientError("Meta did not get to all posts of a batch in time")

    def _call(self, external_id: str) -> dict[str, str]:
        return {"method": "GET", "relative_url": f"{quote(external_id, safe='')}/insights?{self._query}"}

    async def _rows(self, external_id: str, item: object) -> Sequence[PostMetricRow]:
        answer = read_item(item, credentials=self._graph.credentials, use_case=self._graph.use_case)
        if isinstance(answer, Node):
            return self._values(external_id, answer)
        if isinstance(answer, RequestRefusedError) and (answer.code, answer.subcode) == _GONE:
            return []
        raise await self._told(answer)

    def _values(self, external_id: str, answer: Node) -> list[PostMetricRow]:
        try:
            return list(read_post_values(answer.items("data"), external_id, self._warnings))
        except MisshapenError as error:
            found = answer.fields.get("data")
            self._warnings.note(
                Subject.POST, f"A post's numbers were left out. {error}.", external_id=external_id, found=found
            )
            return []

    async def _told(self, error: ProviderError) -> ProviderError:
        if isinstance(error, ProviderThrottledError):
            await self._graph.note_throttle(error)
        return as_dead_metric(error) or error
