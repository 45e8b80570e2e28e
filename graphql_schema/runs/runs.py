"""Runs of background work, and their jobs."""

from datetime import date, datetime
from typing import Annotated, Optional, Self

import strawberry

from app.queries.lists.directory import ACCOUNTS
from app.queries.lists.fb_pages import PAGES
from app.queries.lists.listings import Listing, Parent
from app.queries.lists.runs import NEWEST_FIRST, OLDEST_FIRST, RUN_JOBS, RUNS, JobRow, RunRow, state_in
from app.vocabulary import JobState, RunOrigin, RunState
from graphql_schema.context import Info
from graphql_schema.entities.account import AdAccount
from graphql_schema.entities.sync_warnings import SyncWarning, load_job_warnings
from graphql_schema.fb_pages.pages import Page
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.paging.connection import Connection, open_connection
from graphql_schema.paging.page_arguments import After, Before, First, Last, PageArguments
from graphql_schema.runs.progress import SyncProgress, load_progress
from graphql_schema.types.global_id import global_id
from graphql_schema.types.node import Node
from graphql_schema.types.scalars import BigInt


async def load_accounts(parents: Parents, info: Info) -> list[AdAccount | None]:
    rows = await info.context.loaders.load_optional(ACCOUNTS, [job.row.connection_id for job in parents])
    return [AdAccount.of(row) if row else None for row in rows]


async def load_pages(parents: Parents, info: Info) -> list[Page | None]:
    rows = await info.context.loaders.load_optional(PAGES, [job.row.connection_id for job in parents])
    return [Page.of(row) if row else None for row in rows]


@strawberry.type(description="One piece of background work.")
class Job(Node):
    row: strawberry.Private[JobRow]

    kind: str = strawberry.field(description="The kind of work, such as `stats`.")
    key: str = strawberry.field(
        description="What it works on, as readable text; unique among jobs that have not ended."
    )
    state: JobState = strawberry.field(description="Its state.")
    tries: int = strawberry.field(description="How often it was tried; waiting for the platform doesn't count.")
    max_tries: int = strawberry.field(description="How often it is tried before it fails for good.")
    run_at: datetime = strawberry.field(description="The earliest time at which it may start, in UTC.")
    error_class: str | None = strawberry.field(description="The class of its last failure. Null: none so far.")
    error_reason: str | None = strawberry.field(description="Its last failure, as a sentence. Null: none so far.")
    rows_written: int = strawberry.field(description="How many rows it has written.")
    created_at: datetime = strawberry.field(description="When it was requested, in UTC.")
    started_at: datetime | None = strawberry.field(description="When it first started, in UTC. Null: not yet.")
    ended_at: datetime | None = strawberry.field(description="When it ended, in UTC. Null: not yet.")
    ad_account: AdAccount | None = batched(
        load_accounts,
        description="The ad account that it works on. Null: none.",
    )
    page: Page | None = batched(load_pages, description="The page that it works on. Null: none.")
    warnings: list[SyncWarning] = batched(
        load_job_warnings,
        description="Oddities in the platform's answers that it had to leave out. Empty: none, or it has not ended.",
    )

    @classmethod
    def of(cls, row: JobRow) -> Self:
        return cls(
            row=row,
            id=global_id("Job", row.id),
            kind=row.kind,
            key=row.key,
            state=JobState(row.state),
            tries=row.tries,
            max_tries=row.max_tries,
            run_at=row.run_at,
            error_class=row.error_class,
            error_reason=row.error_reason,
            rows_written=row.rows_written,
            created_at=row.created_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
        )


def list_jobs_under(
    parents: Parents,
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[Job]]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    listings = [Listing(RUN_JOBS, (), OLDEST_FIRST, Parent(RUNS.name, run.row.id)) for run in parents]
    return [open_connection(info, listing, page, Job.of) for listing in listings]


async def load_retried(parents: Parents, info: Info) -> list[Optional["SyncRun"]]:
    rows = await info.context.loaders.load_optional(RUNS, [run.row.retry_of for run in parents])
    return [SyncRun.of(row) if row else None for row in rows]


@strawberry.type(description="A request for background work, and its progress. Its jobs may serve other runs too.")
class SyncRun(Node):
    row: strawberry.Private[RunRow]

    origin: RunOrigin = strawberry.field(description="Who requested it.")
    state: RunState = strawberry.field(description="Its state.")
    reason: str = strawberry.field(description="Why it was requested.")
    from_date: date | None = strawberry.field(
        description="The first requested day, in each account's time zone. Null: the days that can still change.",
    )
    to_date: date | None = strawberry.field(
        description="The last requested day, in each account's time zone. Null: the days that can still change.",
    )
    created_at: datetime = strawberry.field(description="When it was requested, in UTC.")
    ended_at: datetime | None = strawberry.field(description="When its last job ended, in UTC. Null: not yet.")
    jobs_total: int | None = strawberry.field(
        description="How many jobs it had, without `jobsLeftToOthers`. Null: it has not ended."
    )
    jobs_succeeded: int | None = strawberry.field(description="How many of them succeeded. Null: it has not ended.")
    jobs_failed: int | None = strawberry.field(description="How many of them failed for good. Null: it has not ended.")
    jobs_cancelled: int | None = strawberry.field(
        description="How many of them were cancelled. Null: it has not ended."
    )
    jobs_left_to_others: int = strawberry.field(
        description="How many jobs it left to other runs when it was cancelled. They no longer belong to it and are "
        "in none of its jobs and counts; `retrySync` covers those of them that are still undone."
    )
    rows_written: BigInt | None = strawberry.field(description="How many rows its jobs wrote. Null: it has not ended.")
    retry_of: Optional["SyncRun"] = batched(
        load_retried,
        description="The run that it retries. Null: it is not a retry.",
    )
    progress: SyncProgress = batched(
        load_progress,
        description="Its current progress. The subscription `syncProgress` reports each change.",
    )
    jobs: Connection[Job] = batched(
        list_jobs_under,
        description="Its jobs, oldest first. For an old run, only those that are still kept (the newest of each kind).",
    )

    @classmethod
    def of(cls, row: RunRow) -> Self:
        return cls(
            row=row,
            id=global_id("SyncRun", row.id),
            origin=RunOrigin(row.origin),
            state=RunState(row.state),
            reason=row.reason,
            from_date=row.from_date,
            to_date=row.to_date,
            created_at=row.created_at,
            ended_at=row.ended_at,
            jobs_total=row.jobs_total,
            jobs_succeeded=row.jobs_succeeded,
            jobs_failed=row.jobs_failed,
            jobs_cancelled=row.jobs_cancelled,
            jobs_left_to_others=row.jobs_left_to_others or 0,
            rows_written=None if row.rows_written is None else BigInt(row.rows_written),
        )


@strawberry.input(description="Selects runs.")
class SyncRunFilter:
    state: list[RunState] | None = strawberry.field(
        default=None,
        description="The state is one of these. Null: any; empty: nothing matches.",
    )


SyncRunFilterArgument = Annotated[
    SyncRunFilter | None,
    strawberry.argument(name="filter", description="Selects runs. Null: all of them."),
]


def list_runs(
    info: Info,
    filter_: SyncRunFilterArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[SyncRun]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    states = filter_.state if filter_ else None
    conditions = () if states is None else (state_in(tuple(sorted({str(state) for state in states}))),)
    return open_connection(info, Listing(RUNS, conditions, NEWEST_FIRST), page, SyncRun.of)
