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
    PlatformDownError,
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    TooMuchDataError,
)
from app.providers.meta.calls.errors import MetaFailure, as_refusal, provider_error
from app.providers.meta.insights.report_policy import growing_pauses
from app.providers.meta.insights.report_state import ReportState, state_of
from app.providers.meta.walks.refusals import is_unready_report

if TYPE_CHECKING:
    from app.providers.meta.graph import GraphClient
    from app.providers.meta.insights.query import InsightQuery
    from app.providers.meta.insights.report_policy import Patience
    from app.providers.meta.values.node import Node

_FIELDS = "id,async_status,async_percent_completion,is_running,error_code,error_subcode,error_message"
# What is no fault of the query: the next look, or another or a smaller report, may not have it. A look is never too
# much data, but an answer that does not come in time is taken for it.
_PASSING = (ProviderTransientError, TooMuchDataError)
# Polls in a row that may go wrong in passing before the report is given up; a new one may be unknown for longer.
_BAD_POLLS = 3
_UNSEEN_POLLS = 5
# Polls in a row at which a report may say what does not fit together before it is taken for done.
_DOUBTFUL_POLLS = 3
_SECONDS_PER_MINUTE = 60


class InsightReport:
    """Builds reports of one account, one after the other."""

    def __init__(self, graph: GraphClient, account_path: str, patience: Patience) -> None:
        self._graph = graph
        self._account_path = account_path
        self._patience = patience

    async def build(self, query: InsightQuery) -> str | None:
        """The path of a finished report; None where Meta failed to make it, or would not.

        Raises ProviderTransientError where patience is over, and whatever ProviderError Meta names.
        """
        async with self._patience.waiting():
            try:
                started = await self._graph.post(f"{self._account_path}/insights", query.params(), what="report")
            except TooMuchDataError:
                return None
            if started.fields.get("report_run_id") is None and await self._graph.is_down():
                raise PlatformDownError(str(started.misshapen("report_run_id", "is missing")))
            path = quote(started.text("report_run_id"), safe="")
            return path if await self._wait_for(path) else None

    async def _wait_for(self, path: str) -> bool:
        """False where Meta failed to make it. Raises as `build` does."""
        polls = _Polls(self._graph, path)
        for pause in growing_pauses():
            if not await self._patience.pause(pause):
                break
            report = await polls.look()
            if report is None:
                continue
            state = polls.settle(state_of(report))
            if state is ReportState.FAILED:
                await self._raise_cause(report)
                return False
            if state is ReportState.DONE:
                return True
        await self._cancel(path)
        await self._patience.note_overdue()
        minutes = self._patience.timeout.total_seconds() / _SECONDS_PER_MINUTE
        raise ProviderTransientError(f"Meta did not finish the insights reports within {minutes:.3g} minutes")

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
            raise as_refusal(error)  # said of the report, which could be looked at

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
        self._doubtful = 0

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

    def settle(self, state: ReportState) -> ReportState:
        """The state, or DONE where a doubtful one has come again and again."""
        if state is not ReportState.DOUBTFUL:
            self._doubtful = 0
            return state
        self._doubtful += 1
        return ReportState.DONE if self._doubtful > _DOUBTFUL_POLLS else state

    def _may_pass(self, error: ProviderError) -> bool:
        self._bad += 1
        if is_unready_report(error):
            return self._bad < (_BAD_POLLS if self._was_seen else _UNSEEN_POLLS)
        return self._bad < _BAD_POLLS and isinstance(error, _PASSING)
