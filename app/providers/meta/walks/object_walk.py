"""A walk over objects that are known by their ids, a batch at a time. A batch saves round trips and no quota.

An object that is not answered costs itself: it is asked for again with those that were not reached in time, and what
Meta says of it at last is its answer. A batch that fails as a whole is made smaller as a page is; so is one with more
or fewer answers than objects, down to one object, since their places alone tell whose the answers are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from app.errors import (
    PlatformUnreachableError,
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    TokenRejectedError,
    TooMuchDataError,
)
from app.providers.meta.calls.batch_item import BATCH_SIZE, read_item
from app.providers.meta.calls.errors import as_refusal
from app.providers.meta.walks.patience import TRIES_AT_A_SIZE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from app.providers.meta.graph import GraphClient
    from app.providers.meta.values.node import Node

_TRIES = 3
_SMALLEST_BATCH = 5
_PASSING = (ProviderTransientError, TooMuchDataError)
_NOT_REACHED = "Meta did not get to all posts of a batch in time"
_MISCOUNTED = "Meta's answer can't be read: the batch has {} answers to {} calls"


class _MiscountedBatchError(ProviderTransientError):
    """Whose the answers are can't be told."""


class ObjectWalk:
    """Asks each object for the same; `relative_url` says what, by an object's id."""

    def __init__(self, graph: GraphClient, relative_url: Callable[[str], str]) -> None:
        self._graph = graph
        self._relative_url = relative_url
        self._size = BATCH_SIZE

    async def answers(self, external_ids: Sequence[str]) -> AsyncGenerator[tuple[str, Node | ProviderError]]:
        """One answer for each id, in no order.

        Raises what concerns all of them: ProviderThrottledError, TokenRejectedError, lasting trouble of whole batches.
        """
        waiting = list(dict.fromkeys(external_ids))
        tries = Counter[str]()
        while waiting:
            asked = waiting[: self._size]
            answers = await self._ask(asked)
            again: list[str] = []
            for external_id in asked:
                tries[external_id] += 1
                answer = answers.get(external_id) or ProviderTransientError(_NOT_REACHED)
                if isinstance(answer, _PASSING) and tries[external_id] < _TRIES:
                    again.append(external_id)
                else:
                    yield external_id, answer
            if again:
                await self._graph.patience.pause(tries[again[0]])
            waiting = again + waiting[len(asked) :]

    async def _ask(self, external_ids: list[str]) -> dict[str, Node | ProviderError]:
        """The answers of a batch; `external_ids` loses those for which it became too small."""
        failures = 0
        while True:
            try:
                items = await self._post(external_ids)
            except _PASSING as error:
                failures += 1
                if isinstance(error, PlatformUnreachableError):
                    raise
                if failures >= TRIES_AT_A_SIZE:
                    if len(external_ids) <= (1 if isinstance(error, _MiscountedBatchError) else _SMALLEST_BATCH):
                        raise
                    self._size = len(external_ids) // 2
                    del external_ids[self._size :]
                await self._graph.patience.pause(failures)
            else:
                return {
                    external_id: await self._read(item)
                    for external_id, item in zip(external_ids, items, strict=True)
                    if item is not None
                }

    async def _post(self, external_ids: list[str]) -> Sequence[object]:
        """An item for each object, None for one that is not answered."""
        items = await self._graph.post_batch([self._call(each) for each in external_ids])
        if len(items) == len(external_ids):
            return items
        if len(external_ids) == 1:
            return [None]
        raise _MiscountedBatchError(_MISCOUNTED.format(len(items), len(external_ids)))

    def _call(self, external_id: str) -> dict[str, str]:
        return {"method": "GET", "relative_url": self._relative_url(external_id)}

    async def _read(self, item: object) -> Node | ProviderError:
        graph = self._graph
        answer = read_item(item, credentials=graph.credentials, use_case=graph.use_case, account=graph.account)
        if isinstance(answer, ProviderThrottledError):
            await self._graph.note_throttle(answer)
        if isinstance(answer, ProviderThrottledError | TokenRejectedError):
            raise answer
        # Said of one object; the calls on the page itself show whether it is the page's.
        return as_refusal(answer) if isinstance(answer, ProviderError) else answer
