"""The passes of a scheduler: counted, and whether they still come. A scheduler that only seems to live is found out."""

from __future__ import annotations

from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING

from app import clock
from app.database.outage import Wanted
from app.observability.prometheus import DATABASE_AWAY, JOBS_TAKEN_OVER, SCHEDULER_PASS_SECONDS, SCHEDULER_PASSES
from app.vocabulary import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# If no pass finishes within this time, or this number of intervals, one is assumed stuck.
LONGEST_SECONDS = 60.0
LONGEST_INTERVALS = 10


class PassOutcome(StrEnum):
    """FAILED: by a fault of ours."""

    DONE = "DONE"
    DATABASE_AWAY = "DATABASE_AWAY"
    FAILED = "FAILED"


class Passes:
    """What this process's passes came to."""

    def __init__(self, *, interval_seconds: float) -> None:
        self._patience = max(LONGEST_SECONDS, LONGEST_INTERVALS * interval_seconds)
        self._done_at: datetime | None = None
        self._last_done: float | None = None
        for outcome in PassOutcome:
            SCHEDULER_PASSES.labels(outcome.value)
        DATABASE_AWAY.labels(Wanted.PASS.value)
        for state in (JobState.QUEUED, JobState.FAILED, JobState.CANCELLED):
            JOBS_TAKEN_OVER.labels(state.value)

    def note(self, outcome: PassOutcome, *, seconds: float) -> None:
        """A pass has ended."""
        SCHEDULER_PASSES.labels(outcome.value).inc()
        SCHEDULER_PASS_SECONDS.observe(seconds)
        if outcome is PassOutcome.DONE:
            self._done_at, self._last_done = clock.now(), monotonic()

    def facts(self) -> Mapping[str, object]:
        """For `/livez`."""
        return {"lastPass": self._done_at.isoformat() if self._done_at else None}

    async def check(self) -> str:
        """For `/readyz`: ok while passes come to an end."""
        if self._last_done is None:
            return "no pass was done yet"
        ago = monotonic() - self._last_done
        return "ok" if ago <= self._patience else f"no pass was done for {ago:.0f} s"
