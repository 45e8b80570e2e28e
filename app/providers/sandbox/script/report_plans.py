"""How asynchronous reports go, by script: how many polls or seconds each state lasts, and how a report ends.

States and the moment of 100 % that is not yet done are those of Meta's AdReportRun, as connectors met them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.providers.sandbox.world.dataset import Kind


class RunState(StrEnum):
    """Meta's `async_status`."""

    NOT_STARTED = "Job Not Started"
    STARTED = "Job Started"
    RUNNING = "Job Running"
    COMPLETED = "Job Completed"
    FAILED = "Job Failed"
    SKIPPED = "Job Skipped"


class Ending(StrEnum):
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


_FINAL = {
    Ending.COMPLETED: RunState.COMPLETED,
    Ending.FAILED: RunState.FAILED,
    Ending.SKIPPED: RunState.SKIPPED,
}


class Progress(NamedTuple):
    state: RunState
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlan:
    """The course of the next `times` reports (None: of all) of an account and level.

    The first `missing_polls` polls find no such object. Then each state lasts a number of polls; with `seconds`, all of
    them together last that long. `full_polls` is how often a running report claims 100 %. The error is that of a failed
    report.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    account: str | None = None
    level: str | None = None
    times: int | None = None
    missing_polls: int = 0
    not_started_polls: int = 0
    started_polls: int = 0
    running_polls: int = 1
    full_polls: int = 1
    seconds: float | None = None
    ends: Ending = Ending.COMPLETED
    error_code: int = -2
    error_subcode: int = 2490547
    error_message: str = "The report failed"

    def progress(self, *, polls: int, elapsed: float) -> Progress:
        """The state of a report after this many polls that found it, or this many seconds."""
        if self.seconds is not None:
            return self._by_time(elapsed / self.seconds if self.seconds > 0 else 1)
        return self._by_polls(polls)

    def _by_polls(self, polls: int) -> Progress:
        full = self.full_polls if self.ends is Ending.COMPLETED else 0
        if polls <= self.not_started_polls:
            return Progress(RunState.NOT_STARTED, 0)
        polls -= self.not_started_polls
        if polls <= self.started_polls:
            return Progress(RunState.STARTED, 0)
        polls -= self.started_polls
        if polls <= self.running_polls:
            return Progress(RunState.RUNNING, 100 * polls // (self.running_polls + 1))
        return Progress(RunState.RUNNING, 100) if polls - self.running_polls <= full else self._end()

    def _by_time(self, part: float) -> Progress:
        steps = ((0.1, RunState.NOT_STARTED, 0), (0.2, RunState.STARTED, 0), (0.9, RunState.RUNNING, int(100 * part)))
        for until, state, percent in steps:
            if part < until:
                return Progress(state, percent)
        return Progress(RunState.RUNNING, 100) if part < 1 else self._end()

    def _end(self) -> Progress:
        done = self.ends is Ending.COMPLETED
        return Progress(_FINAL[self.ends], 100 if done else 100 * self.running_polls // (self.running_polls + 1))


@dataclass(slots=True)
class _Armed:
    plan: ReportPlan
    taken: int = 0


class ReportPlans:
    """The plans in force; a report that none is for runs for one poll, then claims 100 %, then is completed."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def arm(self, plans: Iterable[ReportPlan]) -> None:
        self._armed += [_Armed(plan) for plan in plans]

    def clear(self) -> None:
        self._armed.clear()

    def take(self, account: str, level: Kind) -> ReportPlan:
        for armed in self._armed:
            plan = armed.plan
            fits = plan.account in {None, account} and plan.level in {None, level}
            if fits and (plan.times is None or armed.taken < plan.times):
                armed.taken += 1
                return plan
        return ReportPlan()
