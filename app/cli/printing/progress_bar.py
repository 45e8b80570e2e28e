"""The progress of runs: a bar at a terminal, elsewhere lines, plain or JSON. On standard error."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.services.jobs.run_progress import WaitReason
from app.vocabulary import ConnectionKind
from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import TracebackType

    from app.services.jobs.run_progress import RunProgress, WaitingReason

LINE_SECONDS = 5.0
JSON_LINE_SECONDS = 1.0
# What everybody who waits would guess anyway.
_NOT_WORTH_SAYING = frozenset({WaitReason.BLOCKED, WaitReason.EXCLUDED, WaitReason.QUEUED})


class Together(NamedTuple):
    """Several runs as one."""

    percent: float
    jobs_ended: int
    jobs_total: int
    rows: int
    accounts_done: int
    accounts_total: int
    failed: int
    waiting: tuple[WaitingReason, ...]
    estimated_end: datetime | None
    at: datetime | None
    has_ended: bool

    @classmethod
    def of(cls, runs: Sequence[RunProgress]) -> Self:
        jobs = sum(run.jobs_total for run in runs)
        ends = [run.estimated_end for run in runs if not run.has_ended]
        return cls(
            percent=sum(run.percent * run.jobs_total for run in runs) / jobs if jobs else 100.0,
            jobs_ended=sum(run.jobs_ended for run in runs),
            jobs_total=jobs,
            rows=sum(run.rows_written for run in runs),
            accounts_done=sum(run.accounts_done or 0 for run in runs),
            accounts_total=sum(run.accounts_total or 0 for run in runs),
            failed=sum(run.jobs_failed for run in runs),
            waiting=tuple(waiting for run in runs for waiting in run.waiting),
            estimated_end=max((end for end in ends if end), default=None) if all(ends) else None,
            at=max((run.updated_at for run in runs), default=None),
            has_ended=all(run.has_ended for run in runs),
        )

    @property
    def facts(self) -> str:
        """Everything but the percentage, for people."""
        parts = [
            f"{self.jobs_ended} of {self.jobs_total} jobs",
            f"{self.accounts_done} of {self.accounts_total} accounts" if self.accounts_total else "",
            f"{self.rows} rows",
            f"{self.failed} failed" if self.failed else "",
            *_waits(self.waiting),
            f"{_duration(self.estimated_end, self.at)} left" if self.estimated_end and self.at else "",
        ]
        return ", ".join(part for part in parts if part)

    @property
    def as_json(self) -> dict[str, object]:
        return {
            "percent": round(self.percent, 1),
            "jobsEnded": self.jobs_ended,
            "jobsTotal": self.jobs_total,
            "jobsFailed": self.failed,
            "rows": self.rows,
            "accountsDone": self.accounts_done,
            "accountsTotal": self.accounts_total,
            "waiting": [
                {
                    "reason": each.reason,
                    "account": _id_of(each, ConnectionKind.AD_ACCOUNT, type_name="AdAccount"),
                    "page": _id_of(each, ConnectionKind.PAGE, type_name="Page"),
                    "jobs": each.jobs,
                    "until": each.until.isoformat() if each.until else None,
                }
                for each in self.waiting
            ],
            "estimatedEnd": self.estimated_end.isoformat() if self.estimated_end else None,
        }


def _id_of(each: WaitingReason, kind: ConnectionKind, *, type_name: str) -> str | None:
    """The API's id of the connection if it is of this kind."""
    if each.connection_id is None or each.connection_kind is not kind:
        return None
    return global_id(type_name, each.connection_id)


def _waits(waiting: Sequence[WaitingReason]) -> list[str]:
    """What is out of the ordinary: how many jobs wait for it, and until when the last of them does."""
    found: list[str] = []
    for reason in WaitReason:
        of_reason = [each for each in waiting if each.reason is reason]
        if not of_reason or reason in _NOT_WORTH_SAYING:
            continue
        until = max((each.until for each in of_reason if each.until), default=None)
        when = f" until {until.astimezone():%H:%M:%S}" if until else ""
        found.append(f"{sum(each.jobs for each in of_reason)} {reason.lower()}{when}")
    return found


def _duration(end: datetime, now: datetime) -> str:
    seconds = max(0, round((end - now).total_seconds()))
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004  # an hour


class ProgressBar:
    """Shows the newest values; `as_json` for programs."""

    def __init__(self, title: str, *, as_json: bool, console: Console | None = None) -> None:
        self._title = title
        self._as_json = as_json
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._last = ""
        self._next_line = 0.0 if as_json else monotonic() + LINE_SECONDS
        self._bar: Progress | None = None
        if self._console.is_terminal and not as_json:
            columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TaskProgressColumn())
            self._bar = Progress(*columns, TextColumn("{task.fields[facts]}"), console=self._console)
            self._task = self._bar.add_task(title, total=100.0, facts="")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, progress: Together) -> None:
        """Continue silently once the output is closed."""
        with suppress(OSError):
            if self._bar:
                self._bar.update(self._task, completed=progress.percent, facts=progress.facts)
            else:
                self._line(progress)

    def note(self, sentence: str) -> None:
        """Something that is no progress; above the bar, or a line of its own."""
        with suppress(OSError):
            if self._as_json:
                print(json.dumps({"note": sentence}), file=sys.stderr, flush=True)
            else:
                self._console.print(sentence, markup=False)

    def _line(self, progress: Together) -> None:
        text = json.dumps(progress.as_json) if self._as_json else self._sentence(progress)
        if text == self._last or not (progress.has_ended or monotonic() >= self._next_line):
            return
        self._last = text
        self._next_line = monotonic() + (JSON_LINE_SECONDS if self._as_json else LINE_SECONDS)
        if self._as_json:
            print(text, file=sys.stderr, flush=True)
        else:
            self._console.print(text, markup=False)

    def _sentence(self, progress: Together) -> str:
        return f"{self._title}: {progress.percent:.0f} %, {progress.facts}"
