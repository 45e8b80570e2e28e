"""One status set on many objects, through Meta's batches.

A batch of at most 50 answers in order, one item per call; a 200 around failed items is normal, and an item that is
null was not done in time and is sent again. Each call in a batch counts against the quota like a call of its own.
Setting a status twice is harmless, so nothing here has to know whether a lost answer was a done deed.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from app.errors import (
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    TokenRejectedError,
)
from app.providers.contract import StatusOutcome
from app.providers.meta.calls.batch_item import BATCH_SIZE, NO_SUCCESS, read_item
from app.providers.meta.calls.errors import MetaFailure, provider_error
from app.providers.meta.values.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.contract import EntityStatus
    from app.providers.meta.graph import GraphClient

TRIES = 3
_WHOLE = (ProviderThrottledError, TokenRejectedError)  # an item that says so speaks for all that follow
_NOT_DONE = "Meta did not get to it in time"


class StatusBatch:
    """Sets one status; keeps one result per id: None when Meta accepted, its error otherwise."""

    def __init__(self, graph: GraphClient, status: EntityStatus) -> None:
        self._graph = graph
        self._status = status
        self._results: dict[str, ProviderError | None] = {}

    async def run(self, external_ids: Sequence[str]) -> Sequence[StatusOutcome]:
        """One outcome per id, in the order given.

        Raises the error that stopped the work (token, throttle, network) when no id was answered for itself.
        """
        stopped = await self._send_all(list(dict.fromkeys(external_ids)))
        if stopped is not None and all(isinstance(result, _WHOLE) for result in self._results.values()):
            raise stopped
        return [_outcome(external_id, self._results.get(external_id, stopped)) for external_id in external_ids]

    async def _send_all(self, external_ids: Sequence[str]) -> ProviderError | None:
        """The error that ended the work early, if one did."""
        for start in range(0, len(external_ids), BATCH_SIZE):
            try:
                await self._send_until_done(external_ids[start : start + BATCH_SIZE])
            except ProviderError as error:
                return error
        return None

    async def _send_until_done(self, external_ids: Sequence[str]) -> None:
        waiting = external_ids
        for _ in range(TRIES):
            waiting = await self._send(waiting)
            if not waiting:
                return
        self._results.update({external_id: ProviderTransientError(_NOT_DONE) for external_id in waiting})

    async def _send(self, external_ids: Sequence[str]) -> Sequence[str]:
        """One batch; the ids that were not done in time. Raises when an item's error speaks for everything after."""
        items = await self._graph.post_batch(_batch(external_ids, self._status), beyond_limit=True)
        answered = {
            external_id: self._item_error(item)
            for external_id, item in zip(external_ids, items, strict=False)
            if item is not None
        }
        self._results.update(answered)
        for error in answered.values():
            if isinstance(error, ProviderThrottledError):
                await self._graph.note_throttle(error)
            if isinstance(error, _WHOLE):
                raise error
        return [external_id for external_id in external_ids if external_id not in answered]

    def _item_error(self, item: object) -> ProviderError | None:
        """None where the change was made; a body may say so little as `{"success": true}`."""
        credentials, use_case, account = self._graph.credentials, self._graph.use_case, self._graph.account
        answer = read_item(item, credentials=credentials, use_case=use_case, account=account)
        if not isinstance(answer, Node):
            return answer
        if answer.fields.get("success", True) is True:
            return None
        return provider_error(MetaFailure(HTTPStatus.OK, NO_SUCCESS), headers={}, credentials=credentials)


def _batch(external_ids: Sequence[str], status: EntityStatus) -> Sequence[Mapping[str, str]]:
    body = urlencode({"status": status.value})
    return [
        {"method": "POST", "relative_url": quote(external_id, safe=""), "body": body} for external_id in external_ids
    ]


def _outcome(external_id: str, error: ProviderError | None) -> StatusOutcome:
    if error is None:
        return StatusOutcome(external_id=external_id)
    return StatusOutcome(external_id=external_id, error=str(error), error_code=error.code, cause=error)
