"""One asynchronous insights report: started, waited for, cancelled when it takes too long.

`POST …/insights` answers a `report_run_id`; its node tells `async_status` and `async_percent_completion`, and since
v25 why it failed (official SDK 26.0.3, AdReportRun, and Meta's changelog). A report is done when it is completed *and*
at 100 %: either comes before the other for a short while (observed by connectors). A report's own id may be unknown
(100/33) to the first polls.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.errors import (
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    TooMuchDataError,
)
from app.providers.meta.errors import MetaFailure, provider_error
from app.providers.meta.report_policy import growing_pauses

if TYPE_CHECKING:
    from app.providers.meta.graph import GraphClient
    from app.providers.meta.insight_query import InsightQuery
    from app.providers.meta.node import Node
    from app.providers.meta.report_policy import Patience

_FIELDS = "id,async_status,async_percent_completion,error_code,error_subcode,error_message"
_COMPLETED = "Job Completed"
_FAILED = frozenset({"Job Failed", "Job Skipped"})
_ALL = 100
_NOT_VISIBLE_YET = (100, 33)
# What is no fault of the query: the next look, or another or a smaller report, may not have it. A look is never too
# much data, but an answer that does not come in time is taken for it.
_PASSING = (ProviderTransientError, TooMuchDataError)
# Polls in a row that may go wrong in passing before the report is given up.
_BAD_POLLS = 3


class InsightReport:
    """Builds reports of one account, one after the other."""

    def __init__(self, graph: GraphClient, account_path: str, patience: Patience) -> None:
        self._graph = graph
        self._account_path = account_path
        self._patience = patience

    async def build(self, query: InsightQuery) -> str | None:
        """The path of a finished report; None where Meta failed to make it, or would not.

        Raises TooMuchDataError where it takes longer than there is patience, and whatever ProviderError Meta names.
        """
        try:
            started = await self._graph.post(f"{self._account_path}/insights", query.params(), what="report")
        except TooMuchDataError:
            return None
        path = quote(started.text("report_run_id"), safe="")
        polls = _Polls(self._graph, path)
        for pause in growing_pauses():
            if not await self._patience.pause(pause):
                break
            report = await polls.look()
            if report is None:
                continue
            status = report.optional_text("async_status")
            if status in _FAILED:
                await self._raise_cause(report)
                return None
            if status == _COMPLETED and report.count("async_percent_completion") == _ALL:
                await self._patience.rest()
                return path
        await self._cancel(path)
        raise TooMuchDataError("Meta did not finish the insights report in time")

    async def _raise_cause(self, report: Node) -> None:
        """Raises what the report failed of, unless that is trouble that another or a smaller report may not have."""
        code = report.integer("error_code")
        if not code:
            return
        failure = MetaFailure(
            http_status=HTTPStatus.OK,
            message=report.optional_text("error_message") or "the report failed",
            code=code,
            subcode=report.integer("error_subcode"),
        )
        error = provider_error(
            failure,
            headers={},
            credentials=self._graph.credentials,
            use_case=self._graph.use_case,
        )
        if isinstance(error, ProviderThrottledError):
            await self._graph.note_throttle(error)
        if not isinstance(error, _PASSING):
            raise error

    async def _cancel(self, path: str) -> None:
        """Ask Meta to stop. No page of theirs documents it, so whatever comes of it is fine (from memory)."""
        with suppress(ProviderError):
            await self._graph.delete(path)


class _Polls:
    """The looks at one report; a look may fail in passing."""

    def __init__(self, graph: GraphClient, path: str) -> None:
        self._graph = graph
        self._path = path
        self._bad = 0
        self._was_seen = False

    async def look(self) -> Node | None:
        """The report's node; None where this look failed and the next may not."""
        try:
            report = await self._graph.get(self._path, {"fields": _FIELDS}, what="report")
        except (*_PASSING, RequestRefusedError) as error:
            if not self._may_pass(error):
                raise
            return None
        self._bad = 0
        self._was_seen = True
        return report

    def _may_pass(self, error: ProviderError) -> bool:
        self._bad += 1
        if self._bad >= _BAD_POLLS:
            return False
        not_yet = not self._was_seen and (error.code, error.subcode) == _NOT_VISIBLE_YET
        return not_yet or isinstance(error, _PASSING)
