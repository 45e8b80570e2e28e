"""The numbers of many posts, fifty posts a batch. A batch saves round trips and no quota: each post is a call."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from app.errors import MisshapenError, ProviderError, RequestRefusedError
from app.providers.meta.calls.dead_metric import as_dead_metric
from app.providers.meta.structure.parse_page import read_post_values
from app.providers.meta.walks.object_walk import ObjectWalk
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.contract import PostMetricRow
    from app.providers.meta.graph import GraphClient
    from app.providers.meta.values.node import Node
    from app.providers.sync_warnings import SyncWarnings

_GONE = (100, 33)  # no such object any more, or none that the token may see


class PostBatch:
    """Reads the same metrics of every post; what is odd is noted in `warnings`."""

    def __init__(self, graph: GraphClient, metrics: Sequence[str], warnings: SyncWarnings) -> None:
        self._graph = graph
        self._warnings = warnings
        self._query = urlencode({"metric": ",".join(metrics), "period": "lifetime"})

    async def read(self, post_external_ids: Sequence[str]) -> Sequence[PostMetricRow]:
        """A post that Meta does not answer for costs itself.

        Raises DeadMetricError where Meta says of more posts that they have no such metric than it answers for, and the
        first error where it answers for none. What it says of one post may be about that post.
        """
        rows: list[PostMetricRow] = []
        failed: dict[str, ProviderError] = {}
        answered = 0
        walk = ObjectWalk(self._graph, partial(_url, self._query)).answers(post_external_ids)
        async with aclosing(walk) as answers:
            async for external_id, answer in answers:
                if not isinstance(answer, ProviderError):
                    answered += 1
                    rows += self._values(external_id, answer)
                elif not _is_gone(answer):
                    failed[external_id] = answer
        dead = list(filter(None, map(as_dead_metric, failed.values())))
        if len(dead) > answered:
            raise dead[0]
        if failed and not answered:
            raise next(iter(failed.values()))
        self._note(failed)
        return rows

    def _values(self, external_id: str, answer: Node) -> list[PostMetricRow]:
        try:
            return list(read_post_values(answer.items("data"), external_id, self._warnings))
        except MisshapenError as error:
            found = answer.fields.get("data")
            sentence = f"A post's numbers were left out. {error}."
            self._warnings.note(Subject.POST, sentence, external_id=external_id, found=found)
            return []

    def _note(self, failed: Mapping[str, ProviderError]) -> None:
        for external_id, error in failed.items():
            sentence = "A post's numbers could not be read; what was known of them stays."
            self._warnings.note(Subject.POST, sentence, external_id=external_id, found=str(error))


def _url(query: str, external_id: str) -> str:
    return f"{quote(external_id, safe='')}/insights?{query}"


def _is_gone(error: ProviderError) -> bool:
    return isinstance(error, RequestRefusedError) and (error.code, error.subcode) == _GONE
