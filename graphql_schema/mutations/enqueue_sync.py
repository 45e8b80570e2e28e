"""The enqueueSync mutation: ask for statistics now."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self, TypeVar
from uuid import UUID

import strawberry

from app.errors import ConflictError, InputError, NotFoundError, NothingToSyncError
from app.metrics.levels import Level
from app.queries.jobs.reading import RUNS
from app.queries.jobs.requests import EnqueuedJob as JobRow
from app.services.work_requests.sync_requests import EnqueuedRun, enqueue_seller_sync
from app.vocabulary import JobState
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.messages.operation_record import record_run_of
from graphql_schema.runs.runs import SyncRun
from graphql_schema.runs.skipped_connections import SyncLeftOut
from graphql_schema.types.global_id import global_id, read_ids
from graphql_schema.types.permissions import Permission
from graphql_schema.types.user_errors import UserError, user_error

ACCOUNTS = "input.adAccountIds"
LEVELS = "input.levels"
PAGES = "input.pageIds"

Chosen = TypeVar("Chosen", bound=Sequence[object] | None)


@strawberry.input(description="What to sync.")
class EnqueueSyncInput:
    from_: date | None = strawberry.field(
        name="from",
        default=None,
        description="The first day, in each account's zone; at most 37 months ago. Null, as `to`: the days that still "
        "move.",
    )
    to: date | None = strawberry.field(
        default=None,
        description="The last day, included. Null, as `from`: the days that still move.",
    )
    levels: list[Level] | None = strawberry.field(default=None, description="At which levels. Null: all.")
    ad_account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Which ad accounts; 1 to 500. Null: all, or none beside `pageIds`.",
    )
    page_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Of which pages the metrics and posts, over those of the days that are over; 1 to 500. Null: none.",
    )


@strawberry.type(description="A job that was asked for.")
class EnqueuedJob:
    job_id: strawberry.ID = strawberry.field(description="Global id of the job; see `Query.node`.")
    key: str = strawberry.field(description="What it works on, readable.")
    state: JobState = strawberry.field(description="How far it was when it was asked for.")
    deduplicated: bool = strawberry.field(description="Whether it was there already, asked for by somebody else.")

    @classmethod
    def of(cls, job: JobRow) -> Self:
        return cls(
            job_id=global_id("Job", job.job_id),
            key=job.key,
            state=JobState(job.state),
            deduplicated=job.deduplicated,
        )


async def load_runs(parents: Parents, info: Info) -> list[SyncRun | None]:
    wanted = [payload.run_id for payload in parents if payload.run_id]
    rows = await info.context.loaders.rows(RUNS).load_many(wanted)
    found = {row.id: SyncRun.of(row) for row in rows if row}
    return [found.get(payload.run_id) for payload in parents]


@strawberry.type(description="The work that was asked for, or why there is none.")
class EnqueueSyncPayload:
    run_id: strawberry.Private[UUID | None] = None

    jobs: list[EnqueuedJob] = strawberry.field(
        default_factory=list,
        description="One for each piece of work, whether new or live already. Empty: see `errors`.",
    )
    run: SyncRun | None = batched(load_runs, description="The run that follows them. Null: see `errors`.")
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why nothing was asked for: a NotFoundError for an ad account, a page or a run that is not "
        "there, a ConflictError when all of them are left out, when the run has not ended or left nothing undone, or "
        "when too many jobs of the seller would be live. Empty: the work was asked for.",
    )
    left_out: list[SyncLeftOut] = strawberry.field(
        default_factory=list,
        description="What was asked for and can't be synced, whether it was named or all were asked for. It does not "
        "stop the others. Empty: nothing is left out.",
    )


EnqueueSyncArgument = Annotated[
    EnqueueSyncInput | None,
    strawberry.argument(
        name="input",
        description="What to sync. Null: all ad accounts over the days that still move.",
    ),
]


async def enqueue_sync(info: Info, input_: EnqueueSyncArgument = None) -> EnqueueSyncPayload:
    member = await info.context.member_with(Permission.SYNC)
    given = input_ or EnqueueSyncInput()
    try:
        run = await enqueue_seller_sync(
            info.context.services,
            seller_id=member.seller_id,
            requested_by=member.user_id,
            from_date=given.from_,
            to_date=given.to,
            levels=_not_empty(given.levels, LEVELS),
            account_ids=read_accounts(given.ad_account_ids),
            page_ids=_read_pages(given.page_ids),
            allowance=info.context.allowance,
        )
    except (NotFoundError, ConflictError) as error:
        return refused(error)
    return enqueued(run)


def enqueued(run: EnqueuedRun) -> EnqueueSyncPayload:
    record_run_of(run.run_id)
    return EnqueueSyncPayload(
        run_id=run.run_id,
        jobs=[EnqueuedJob.of(job) for job in run.jobs],
        left_out=SyncLeftOut.list_of(run.left_out),
    )


def refused(error: NotFoundError | ConflictError) -> EnqueueSyncPayload:
    if isinstance(error, NotFoundError):
        return EnqueueSyncPayload(errors=[user_error(error, path=error.argument)])
    left_out = SyncLeftOut.list_of(error.left_out) if isinstance(error, NothingToSyncError) else []
    return EnqueueSyncPayload(errors=[user_error(error)], left_out=left_out)


def read_accounts(ids: Sequence[str] | None) -> tuple[UUID, ...] | None:
    """The ad accounts that are named; None for all of them."""
    return None if ids is None else read_ids(_not_empty(ids, ACCOUNTS), "AdAccount", ACCOUNTS)


def _read_pages(ids: Sequence[str] | None) -> tuple[UUID, ...] | None:
    return None if ids is None else read_ids(_not_empty(ids, PAGES), "Page", PAGES)


def _not_empty(named: Chosen, argument: str) -> Chosen:
    """What is named; an empty list could be meant as all or as none, and is refused."""
    if named is not None and not named:
        raise InputError(argument, "name at least one, or leave it out")
    return named
