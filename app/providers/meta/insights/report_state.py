"""What an asynchronous report says of itself, whatever the case and the spelling.

Meta's words are "Job Not Started", "Job Started", "Job Running", "Job Completed", "Job Failed" and "Job Skipped"
(official SDK 26.0.3, AdReportRun); the same may come in capitals, with underscores, or without "Job". A word that is
new, or none at all, tells nothing: the percentage and `is_running` beside it do.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.providers.meta.values.node import Node

_ON_THE_WAY = frozenset({"notstarted", "started", "running"})
_FAILED = frozenset({"failed", "skipped"})
_COMPLETED = "completed"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_ALL = 100.0


class ReportState(Enum):
    """DOUBTFUL: what it says does not fit together, and speaks for an end; it is believed when it is said again."""

    ON_THE_WAY = auto()
    DOUBTFUL = auto()
    DONE = auto()
    FAILED = auto()


class _Said(NamedTuple):
    status: str
    percent: float | None
    is_running: bool | None


def state_of(report: Node) -> ReportState:
    """The state of a report by its node."""
    said = _said(report)
    if said.status in _FAILED:
        return ReportState.FAILED
    if said.status == _COMPLETED:
        is_sure = said.percent == _ALL and said.is_running is not True
        return ReportState.DONE if is_sure else ReportState.DOUBTFUL
    if said.status in _ON_THE_WAY:
        # A report claims 100 % a moment before it is there.
        is_over = said.percent == _ALL and said.is_running is False
        return ReportState.DOUBTFUL if is_over else ReportState.ON_THE_WAY
    return _without_a_word(said)


def _without_a_word(said: _Said) -> ReportState:
    """Rows of a report that ended before it was whole would look like all that there is."""
    if said.is_running is True:
        return ReportState.ON_THE_WAY
    if said.percent == _ALL:
        return ReportState.DOUBTFUL
    if said.is_running is False:
        return ReportState.DOUBTFUL if said.percent is None else ReportState.FAILED
    return ReportState.ON_THE_WAY


def _said(report: Node) -> _Said:
    status = report.fields.get("async_status")
    word = "".join(filter(str.isalpha, status.casefold())) if isinstance(status, str) else ""
    is_running = _TRUTHS.get(str(report.fields.get("is_running")).strip().casefold())
    return _Said(word.removeprefix("job"), _percent(report.fields.get("async_percent_completion")), is_running)


def _percent(value: object) -> float | None:
    """As a number or as text, with or without its sign; None where it is neither."""
    try:
        return float(str(value).strip("% "))
    except ValueError:
        return None
