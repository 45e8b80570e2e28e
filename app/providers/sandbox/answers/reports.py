"""Asynchronous insight reports: begun by a POST, polled as a node, read by pages (Meta's AdReportRun, SDK 26.0.3).

A report's numbers are those of the moment in which it was first seen completed; later pages are of the same numbers.
Reports live as long as the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import clock
from app.providers.sandbox.answers.field_names import REPORT_FIELDS
from app.providers.sandbox.answers.fields import parse_fields, pick
from app.providers.sandbox.answers.insights import Result, check_insights, find_insights, render_page
from app.providers.sandbox.errors import missing_object, report_not_loadable, unknown_field
from app.providers.sandbox.script.report_plans import Ending, Progress, ReportPlan, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from app.providers.sandbox.answers.insight_ranges import Days
    from app.providers.sandbox.answers.live_account import LiveAccount
    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.world.dataset import Kind

_FIRST_ID = 600_000_000_000_001
_ENDED = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.SKIPPED})


@dataclass(slots=True, kw_only=True)
class Report:
    """One run. `asked` is the call that began it; `polls` counts the polls that found it, `missed` the others."""

    id: str
    live: LiveAccount
    asked: GraphCall
    node_id: str
    node_kind: Kind
    days: Days
    plan: ReportPlan
    begun_at: datetime
    polls: int = 0
    missed: int = 0
    result: Result | None = None
    ended_at: datetime | None = None

    def progress(self) -> Progress:
        elapsed = (clock.now() - self.begun_at).total_seconds()
        progress = self.plan.progress(polls=self.polls, elapsed=elapsed)
        if progress.state in _ENDED and self.ended_at is None:
            self.ended_at = clock.now()
            if progress.state is RunState.COMPLETED:
                self.result = find_insights(self.asked, self.live, self.node_id, self.node_kind)
        return progress


class Reports:
    """All reports since the sandbox began."""

    def __init__(self) -> None:
        self._by_id: dict[str, Report] = {}

    def find(self, report_id: str) -> Report | None:
        return self._by_id.get(report_id)

    def begin(
        self,
        call: GraphCall,
        live: LiveAccount,
        *,
        node: tuple[str, Kind],
        choose: Callable[[Kind], ReportPlan],
    ) -> Mapping[str, object]:
        """Begin a report on a node (its id and kind); `choose` gives the plan for its level."""
        node_id, node_kind = node
        level, days = check_insights(call, live, node_kind)
        report = Report(
            id=str(_FIRST_ID + len(self._by_id)),
            live=live,
            asked=call,
            node_id=node_id,
            node_kind=node_kind,
            days=days,
            plan=choose(level),
            begun_at=clock.now(),
        )
        self._by_id[report.id] = report
        return {"report_run_id": report.id}

    def describe(self) -> list[Mapping[str, object]]:
        """Every report, for the control endpoints."""
        return [
            {
                "id": report.id,
                "account": f"act_{report.live.account.id}",
                "status": report.progress().state,
                "polls": report.polls,
                "rows": len(report.result.rows) if report.result is not None else None,
            }
            for report in self._by_id.values()
        ]


def poll_report(call: GraphCall, report: Report) -> Mapping[str, object]:
    """The report's node, of which each reading is a poll."""
    asked = parse_fields(call.params.get("fields"))
    for each in asked:
        if each.name not in REPORT_FIELDS:
            raise unknown_field(each.name, "AdReportRun")
    if report.missed < report.plan.missing_polls:
        report.missed += 1
        raise missing_object(call.method, report.id)
    report.polls += 1
    values = _values(report)
    return (pick(asked, values) if asked else values) | {"id": report.id}


def read_report(call: GraphCall, report: Report, check: Callable[[int, int], None]) -> Mapping[str, object]:
    """A page of a completed report's rows, with the fields that the report was asked for."""
    if report.progress().state is not RunState.COMPLETED or report.result is None:
        raise report_not_loadable()
    return render_page(call, report.live, report.result, check)


def _values(report: Report) -> dict[str, object]:
    state, percent = report.progress()
    values: dict[str, object] = {
        "id": report.id,
        "account_id": report.live.account.id,
        "time_ref": int(report.begun_at.timestamp()),
        "async_status": state,
        "async_percent_completion": percent,
        "is_running": state not in _ENDED,
        "date_start": report.days.since.isoformat(),
        "date_stop": report.days.until.isoformat(),
    }
    if report.ended_at is not None:
        values["time_completed"] = int(report.ended_at.timestamp())
    if state in _ENDED and report.plan.ends is not Ending.COMPLETED:
        values |= {
            "error_code": report.plan.error_code,
            "error_subcode": report.plan.error_subcode,
            "error_message": report.plan.error_message,
            "error_user_title": "The report could not be made",
            "error_user_msg": report.plan.error_message,
        }
    return values
