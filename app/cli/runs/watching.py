"""Runs that the command line asked for: named at once, watched to their end, and told when they have ended.

A database that is away for a while ends no watch: what it answers next is told.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from uuid import UUID

from app.cli.printing.counting import counted
from app.cli.printing.pasting import pasted
from app.cli.printing.progress_bar import ProgressBar, Together
from app.cli.process.identifiers import run_name
from app.cli.runs.follow_commands import cancel_command, follow_command
from app.database.outage import is_outage
from app.services.jobs.run_progress import get_run_progress, get_scheduled_progress
from app.vocabulary import RunOrigin, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.services.context import Services
    from app.services.jobs.run_progress import RunProgress

PATIENCE_SECONDS = 120.0
_LOOK_EVERY_SECONDS = 0.3
TRY_AGAIN_SECONDS = 1.0


class SellerRun(NamedTuple):
    """A seller's run."""

    slug: str
    seller_id: UUID
    run_id: UUID
    origin: RunOrigin


class ScheduleRun(NamedTuple):
    """A run of the schedule's own; `name` is the schedule's for it.

    `asks_sellers`: it does nothing but ask for runs of the sellers.
    """

    name: str
    run_id: UUID
    asks_sellers: bool

    @property
    def slug(self) -> str:
        return f"the schedule's {self.name}"


WatchedRun: TypeAlias = "SellerRun | ScheduleRun"


@dataclass(frozen=True, kw_only=True)
class Watch:
    """How to watch: not at all, or to the end; for people or for programs."""

    title: str
    wait: bool
    as_json: bool


async def watch_runs(services: Services, runs: Sequence[WatchedRun], watch: Watch) -> bool:
    """Tell which they are, how far they are until they have ended (or how far they are now), and what became of them.

    True when every job succeeded, or, without waiting, when the work was accepted. On Ctrl-C the runs go on, and so
    they do where the database stays away for longer than anybody would wait.
    """
    try:
        progress = await (_follow(services, runs, watch) if watch.wait else _read(services, runs, {}))
    except (asyncio.CancelledError, Exception):
        for run in runs:
            _say(f"{run.slug}: the run continues. {_how_to(run)}")
        raise
    _print_outcome(runs, progress, watch)
    return not watch.wait or all(each.state is RunState.SUCCEEDED for each in progress)


def _how_to(run: WatchedRun) -> str:
    end = f"; cancel it: {cancel_command(run.run_id, run.origin)}" if isinstance(run, SellerRun) else ""
    return f"Follow it: {follow_command(run.run_id)}{end}"


async def _follow(services: Services, runs: Sequence[WatchedRun], watch: Watch) -> list[RunProgress]:
    ended: dict[UUID, RunProgress] = {}
    _name_runs(runs, watch)
    with ProgressBar(watch.title, as_json=watch.as_json) as bar:
        while True:
            progress = await _read_patiently(services, runs, ended, bar)
            bar.show(Together.of(progress))
            if len(ended) == len({run.run_id for run in runs}):
                return progress
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _name_runs(runs: Sequence[WatchedRun], watch: Watch) -> None:
    """At once, so that a user who loses the terminal can still find them."""
    for run in runs:
        name = run_name(run.run_id)
        words = {"seller": _seller(run), "run": str(run.run_id), "runId": name}
        _say(json.dumps(words) if watch.as_json else f"{run.slug}: run {name}")


def _seller(run: WatchedRun) -> str | None:
    return run.slug if isinstance(run, SellerRun) else None


def _say(line: str) -> None:
    """On standard error; when that is gone the work goes on without words."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


async def _read_patiently(
    services: Services, runs: Sequence[WatchedRun], ended: dict[UUID, RunProgress], bar: ProgressBar
) -> list[RunProgress]:
    """As `_read`; what the database says when it is away is raised only when it has been for PATIENCE_SECONDS."""
    began: float | None = None
    while True:
        try:
            progress = await _read(services, runs, ended)
        except Exception as error:
            if not is_outage(error):
                raise
            if began is None:
                began = monotonic()
                bar.note(f"The database does not answer ({type(error).__name__}). Waiting for it.")
            if monotonic() - began > PATIENCE_SECONDS:
                raise
            await asyncio.sleep(TRY_AGAIN_SECONDS)
            continue
        if began is not None:
            bar.note(f"The database answers again, after {monotonic() - began:.0f} s.")
        return progress


async def _read(services: Services, runs: Sequence[WatchedRun], ended: dict[UUID, RunProgress]) -> list[RunProgress]:
    """How far they are; `ended` keeps those that change no more."""
    found: list[RunProgress] = []
    for run in runs:
        progress = ended.get(run.run_id)
        if progress is None:
            progress = await _read_one(services, run)
        if progress.has_ended:
            ended[run.run_id] = progress
        found.append(progress)
    return found


async def _read_one(services: Services, run: WatchedRun) -> RunProgress:
    if isinstance(run, ScheduleRun):
        return await get_scheduled_progress(services, run_id=run.run_id)
    return await get_run_progress(services, seller_id=run.seller_id, run_id=run.run_id)


def _print_outcome(runs: Sequence[WatchedRun], progress: Sequence[RunProgress], watch: Watch) -> None:
    if watch.as_json:
        print(json.dumps([_outcome(*pair) for pair in zip(runs, progress, strict=True)]))
        return
    for run, each in zip(runs, progress, strict=True):
        jobs, total = each.jobs, each.jobs_total
        cancelled = f", {jobs.cancelled} cancelled" if jobs.cancelled else ""
        asked, rows = counted(total, "job"), counted(each.rows_written, "row")
        done = f"{jobs.succeeded} of {asked} succeeded, {jobs.failed} failed{cancelled}, {rows}"
        print(f"{run.slug}: {done if watch.wait else f'{asked} accepted'} (run {run_name(run.run_id)})")
    if any(isinstance(run, ScheduleRun) and run.asks_sellers for run in runs):
        print(f"The work is done by the sellers' runs that it started. See them: {pasted('status')}")


def _outcome(run: WatchedRun, progress: RunProgress) -> dict[str, object]:
    return {
        "seller": _seller(run),
        "run": str(run.run_id),
        "runId": run_name(run.run_id),
        "state": progress.state,
        "jobs": progress.jobs_total,
        "succeeded": progress.jobs.succeeded,
        "failed": progress.jobs.failed,
        "cancelled": progress.jobs.cancelled,
        "rows": progress.rows_written,
    }
