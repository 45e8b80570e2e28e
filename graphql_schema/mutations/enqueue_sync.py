"""The enqueueSync mutation: ask for statistics now."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self, TypeVar
from uuid import UUID

import strawberry

from app.errors import ConflictError, InputError, NotFoundError, NothingToSyncError
from app.metrics.levels import Level
from app.queries.lists.runs import RUNS
from app.services.jobs.run_requests import EnqueuedJob as JobRow
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
        description="The first day, in each account's time zone; at most 37 months ago. Null, like `to`: the days "
        "that can still change.",
    )
    to: date | None = strawberry.field(
        default=None,
        description="The last day, included. Null, like `from`: the days that can still change.",
    )
    levels: list[Level] | None = strawberry.field(default=None, description="The levels to sync. Null: all.")
    ad_account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The ad accounts to sync; 1 to 500. Null: all, or none if `pageIds` is given.",
    )
    page_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The pages to sync metrics and posts of, over those of the days that have ended; 1 to 500. Null: "
        "none.",
    )


@strawberry.type(description="A requested job.")
class EnqueuedJob:
    job_id: strawberry.ID = strawberry.field(description="Global id of the job; see `Query.node`.")
    key: str = strawberry.field(description="What it works on, as readable text.")
    state: JobState = strawberry.field(description="Its state when it was requested.")
    deduplicated: bool = strawberry.field(
        description="Whether the job was already live, because of an earlier request."
    )

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


@strawberry.type(description="The requested work, or why there is none.")
class EnqueueSyncPayload:
    run_id: strawberry.Private[UUID | None] = None

    jobs: list[EnqueuedJob] = strawberry.field(
        default_factory=list,
        description="One job for each piece of work, new or already live. Empty: see `errors`.",
    )
    run: SyncRun | None = batched(load_runs, description="The run that these jobs belong to. Null: see `errors`.")
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why nothing was enqueued: a NotFoundError if there is no such ad account, page or run; a "
        "ConflictError if all of them are skipped, if the run has not ended or left nothing undone, or if the seller "
        "would have too many live jobs. Empty: the work was enqueued.",
    )
    left_out: list[SyncLeftOut] = strawberry.field(
        default_factory=list,
        description="What can't be synced and is skipped; the rest is synced anyway. Empty: nothing is skipped.",
    )


EnqueueSyncArgument = Annotated[
    EnqueueSyncInput | None,
    strawberry.argument(
        name="input",
        description="What to sync. Null: all ad accounts, over the days that can still change.",
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
