"""How far a run is: jobs, rows, accounts, what it waits for, and when it may be over. Reads only; keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from math import floor
from typing import TYPE_CHECKING, NamedTuple

from app.database.transactions import read_snapshot, work_transaction
from app.errors import NotFoundError
from app.queries.jobs.run_progress import load_progress_rows
from app.vocabulary import ConnectionKind, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver, Record
    from app.services.context import Services

# An estimate that lies further ahead than this says nothing.
MAX_ESTIMATE = timedelta(days=30)


class WaitReason(StrEnum):
    """Why jobs of a run make no progress just now."""

    THROTTLED = "THROTTLED"
    RETRYING = "RETRYING"
    PLATFORM = "PLATFORM"
    BLOCKED = "BLOCKED"
    EXCLUDED = "EXCLUDED"
    SCHEDULED = "SCHEDULED"
    QUEUED = "QUEUED"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReason:
    """Jobs of one account or page (or of none) that wait for the same reason.

    `until`: when the first of them is tried.
    """

    reason: WaitReason
    connection_id: UUID | None
    connection_kind: ConnectionKind | None
    jobs: int
    until: datetime | None


class JobsByState(NamedTuple):
    """How many jobs of a run are in each state."""

    blocked: int
    queued: int
    running: int
    retrying: int
    parked: int
    succeeded: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """A run as of `updated_at`.

    `percent` weighs each job by its days and level. Accounts, pages among them, are None once the jobs that named
    them are no longer kept individually. `estimated_end` is None while it is unknown, and once the run has ended.
    """

    run_id: UUID
    state: RunState
    percent: float
    jobs: JobsByState
    rows_written: int
    accounts_total: int | None
    accounts_done: int | None
    waiting: tuple[WaitingReason, ...]
    estimated_end: datetime | None
    updated_at: datetime

    @property
    def has_ended(self) -> bool:
        return self.state is not RunState.RUNNING

    def says_the_same_as(self, earlier: RunProgress) -> bool:
        """Whether nothing has changed except the time of reading and the estimate derived from it."""
        return self == replace(earlier, updated_at=self.updated_at, estimated_end=self.estimated_end)

    @property
    def jobs_total(self) -> int:
        return sum(self.jobs)

    @property
    def jobs_ended(self) -> int:
        return self.jobs.succeeded + self.jobs.failed + self.jobs.cancelled

    @property
    def jobs_failed(self) -> int:
        return self.jobs.failed


async def load_run_progress(driver: Driver, seller_id: UUID, run_ids: Sequence[UUID]) -> list[RunProgress | None]:
    """The progress of runs, by one statement; None for what is not the seller's."""
    rows = await load_progress_rows(driver, seller_id, run_ids)
    found = {row["id"]: _progress(row) for row in rows}
    return [found.get(run_id) for run_id in run_ids]


async def get_run_progress(services: Services, *, seller_id: UUID, run_id: UUID) -> RunProgress:
    """The progress of a run as of now, over a connection that is given back at once. Raises NotFoundError."""
    async with read_snapshot(services.database.app, seller_id) as driver:
        found = (await load_run_progress(driver, seller_id, [run_id]))[0]
    if found is None:
        raise NotFoundError("There is no such run.")
    return found


async def get_scheduled_progress(services: Services, *, run_id: UUID) -> RunProgress:
    """The progress of a run of the schedule's own, which is no seller's: for operators. Raises NotFoundError."""
    async with work_transaction(services.database.app) as driver:
        rows = await load_progress_rows(driver, None, [run_id])
    if not rows:
        raise NotFoundError("There is no such run.")
    return _progress(rows[0])


def _progress(row: Record) -> RunProgress:
    state = RunState(row["state"])
    ended = state is not RunState.RUNNING
    # What the run's end wrote down outlives its jobs.
    kept = not ended or row["final_jobs"] is None or row["jobs"] >= row["final_jobs"]
    return RunProgress(
        run_id=row["id"],
        state=state,
        percent=100.0 if ended else _percent(row["weight_done"], row["weight"]),
        jobs=_jobs(row, ended=ended),
        rows_written=row["final_rows"] if ended and row["final_rows"] is not None else row["rows_written"],
        accounts_total=row["accounts"] if kept else None,
        accounts_done=row["accounts_done"] if kept else None,
        waiting=() if ended else _waiting(row),
        estimated_end=None if ended else _estimated_end(row),
        updated_at=row["read_at"],
    )


def _jobs(row: Record, *, ended: bool) -> JobsByState:
    if ended and row["final_jobs"] is not None:
        return JobsByState(0, 0, 0, 0, 0, row["final_succeeded"], row["final_failed"], row["final_cancelled"])
    return JobsByState(*(row[name] for name in JobsByState._fields))


def _percent(done: float, of: float) -> float:
    """Rounded down to a tenth, and never 100 before the end."""
    return min(floor(done / of * 1000) / 10, 99.9) if of else 0.0


def _waiting(row: Record) -> tuple[WaitingReason, ...]:
    names = ("wait_reasons", "wait_accounts", "wait_of_pages", "wait_jobs", "wait_untils")
    waiting = [
        WaitingReason(
            reason=WaitReason(reason),
            connection_id=connection_id,
            connection_kind=_kind(is_of_page=is_of_page) if connection_id else None,
            jobs=jobs,
            until=until,
        )
        for reason, connection_id, is_of_page, jobs, until in zip(*(row[name] for name in names), strict=True)
    ]
    order = list(WaitReason)
    return tuple(sorted(waiting, key=lambda each: order.index(each.reason)))


def _kind(*, is_of_page: bool) -> ConnectionKind:
    return ConnectionKind.PAGE if is_of_page else ConnectionKind.AD_ACCOUNT


def _estimated_end(row: Record) -> datetime | None:
    """At the pace so far, in which waiting counts as well; never before the last job that waits for its time."""
    now: datetime = row["read_at"]
    done, left = row["weight_done"], row["weight"] - row["weight_done"]
    if not row["has_started"] or done <= 0:
        return None
    seconds = (now - row["started_at"]).total_seconds() * left / done
    if seconds > MAX_ESTIMATE.total_seconds():
        return None
    return max(now + timedelta(seconds=seconds), row["waits_until"] or now)
