"""Runs of background work and their jobs, as their seller may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.database.tables.work import jobs, sync_runs
from app.queries.lists.conditions import Plain, one_of
from app.queries.lists.orders import ID, Order
from app.queries.lists.selects import ROW
from app.queries.lists.sources import Source, columns_of

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID


class RunRow(NamedTuple):
    """A run. Its totals are written down when it ends; `retry_of`: the run whose units it does again."""

    id: UUID
    origin: str
    state: str
    reason: str
    from_date: date | None
    to_date: date | None
    created_at: datetime
    ended_at: datetime | None
    jobs_total: int | None
    jobs_succeeded: int | None
    jobs_failed: int | None
    jobs_cancelled: int | None
    jobs_left_to_others: int | None
    rows_written: int | None
    retry_of: UUID | None


class JobRow(NamedTuple):
    """A job. `tries` counts against `max_tries`; `error_class` and `error_reason` are of the last failure."""

    id: UUID
    connection_id: UUID | None
    kind: str
    key: str
    state: str
    tries: int
    max_tries: int
    run_at: datetime
    error_class: str | None
    error_reason: str | None
    rows_written: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


RUNS = Source(
    name="SYNC_RUN",
    columns=columns_of(RunRow, sync_runs),
    row=RunRow,
    table=f"sync_runs AS {ROW}",
)
JOBS = Source(
    name="JOB",
    columns=columns_of(JobRow, jobs),
    row=JobRow,
    table=f"jobs AS {ROW}",
)
# A job may belong to several runs: one that was live already is joined by the next request for the same work.
RUN_JOBS = Source(
    name="RUN_JOB",
    columns=JOBS.columns,
    row=JobRow,
    table=f"jobs AS {ROW} JOIN sync_run_jobs AS link ON link.job_id = {ROW}.id AND link.seller_id = {ROW}.seller_id",
    parents=((RUNS.name, "link.run_id"),),
)

NEWEST_FIRST = Order.by(ID._replace(descending=True))
OLDEST_FIRST = Order.by(ID)


def state_in(states: tuple[str, ...]) -> Plain:
    return one_of(f"{ROW}.state", states, "text[]")
