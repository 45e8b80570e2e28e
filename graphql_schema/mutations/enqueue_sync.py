"""The enqueueSync mutation: ask for statistics now."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

import strawberry

from app.errors import ConflictError, InputError, NotFoundError
from app.metrics.levels import Level
from app.queries.jobs import EnqueuedJob as JobRow
from app.queries.work_reading import RUNS
from app.services.sync import EnqueuedRun, enqueue_seller_sync
from app.vocabulary import JobState
from graphql_schema.batched import Parents, batched
from graphql_schema.context import Info
from graphql_schema.global_id import global_id, read_ids
from graphql_schema.permissions import Permission
from graphql_schema.sync_runs import SyncRun
from graphql_schema.user_errors import UserError, user_error

ACCOUNTS = "input.adAccountIds"
PAGES = "input.pageIds"


@strawberry.input(description="What to sync.")
class EnqueueSyncInput:
    from_: date | None = strawberry.field(
        name="from",
        default=None,
        description="The first day, in each account's zone. Null, as `to`: the days that still move.",
    )
    to: date | None = strawberry.field(
        default=None,
        description="The last day, included. Null, as `from`: the days that still move.",
    )
    levels: list[Level] | None = strawberry.field(default=None, description="At which levels. Null or empty: all.")
    ad_account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Which ad accounts; 1 to 500. Null: all that are active and healthy, or none beside `pageIds`.",
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
        "there, a ConflictError when none of them is active and healthy, or when the run has not ended or left nothing "
        "undone. Empty: the work was asked for.",
    )


EnqueueSyncArgument = Annotated[
    EnqueueSyncInput | None,
    strawberry.argument(
        name="input",
        description="What to sync. Null: all active accounts over the days that still move.",
    ),
]


async def enqueue_sync(info: Info, input_: EnqueueSyncArgument = None) -> EnqueueSyncPayload:
    member = await info.context.member_with(Permission.SYNC)
    given = input_ or EnqueueSyncInput()
    accounts, pages = given.ad_account_ids, given.page_ids
    try:
        run = await enqueue_seller_sync(
            info.context.services,
            seller_id=member.seller_id,
            requested_by=member.user_id,
            from_date=given.from_,
            to_date=given.to,
            levels=given.levels,
            account_ids=None if accounts is None else read_accounts(accounts),
            page_ids=None if pages is None else _read_pages(pages),
        )
    except NotFoundError as error:
        path = PAGES if str(error).startswith(PAGES) else ACCOUNTS
        return EnqueueSyncPayload(errors=[user_error(error, path=path)])
    except ConflictError as error:
        return EnqueueSyncPayload(errors=[user_error(error)])
    return enqueued(run)


def enqueued(run: EnqueuedRun) -> EnqueueSyncPayload:
    return EnqueueSyncPayload(run_id=run.run_id, jobs=[EnqueuedJob.of(job) for job in run.jobs])


def read_accounts(ids: Sequence[str]) -> tuple[UUID, ...]:
    if not ids:
        raise InputError(ACCOUNTS, "name at least one, or leave it out")
    return read_ids(ids, "AdAccount", ACCOUNTS)


def _read_pages(ids: Sequence[str]) -> tuple[UUID, ...]:
    if not ids:
        raise InputError(PAGES, "name at least one, or leave it out")
    return read_ids(ids, "Page", PAGES)
