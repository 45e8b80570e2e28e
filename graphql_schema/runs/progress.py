"""How far a run is, as clients see it: the same on `SyncRun.progress` and from the subscription."""

from datetime import datetime
from typing import Self

import strawberry

from app.services.jobs.run_progress import RunProgress, WaitingReason, WaitReason
from app.vocabulary import ConnectionKind, RunState
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents
from graphql_schema.types.enums import describe_enum
from graphql_schema.types.global_id import global_id
from graphql_schema.types.scalars import BigInt

describe_enum(
    WaitReason,
    name="SyncWaitReason",
    description="Why jobs of a run make no progress just now.",
    THROTTLED="The platform wants no calls for the ad account or page before `until`.",
    RETRYING="The last try failed; the next comes at `until`.",
    PLATFORM="The platform was asked and works on its answer, such as a large report.",
    BLOCKED="They come after all other jobs of the run.",
    EXCLUDED="Another job works on the same ad account and level, or on the same page.",
    SCHEDULED="Their time has not come; it does at `until`.",
    QUEUED="All workers are busy, or none runs.",
)


@strawberry.type(description="Jobs of a run that wait for the same reason, for the same ad account or page.")
class SyncWait:
    reason: WaitReason = strawberry.field(description="Why they wait.")
    ad_account_id: strawberry.ID | None = strawberry.field(
        description="Global id of their ad account; see `Query.node`. Null: they work for a page, or for neither.",
    )
    page_id: strawberry.ID | None = strawberry.field(
        description="Global id of their page; see `Query.node`. Null: they work for an ad account, or for neither.",
    )
    jobs: int = strawberry.field(description="How many they are.")
    until: datetime | None = strawberry.field(
        description="When the first of them goes on, in UTC. Null: that is not a matter of time.",
    )

    @classmethod
    def of(cls, waiting: WaitingReason) -> Self:
        return cls(
            reason=waiting.reason,
            ad_account_id=cls._id_of(waiting, ConnectionKind.AD_ACCOUNT, type_name="AdAccount"),
            page_id=cls._id_of(waiting, ConnectionKind.PAGE, type_name="Page"),
            jobs=waiting.jobs,
            until=waiting.until,
        )

    @staticmethod
    def _id_of(waiting: WaitingReason, kind: ConnectionKind, *, type_name: str) -> strawberry.ID | None:
        """The id of the connection if it is of this kind."""
        if waiting.connection_id is None or waiting.connection_kind is not kind:
            return None
        return global_id(type_name, waiting.connection_id)


@strawberry.type(description="How many jobs of a run are in each state.")
class SyncJobCounts:
    blocked: int = strawberry.field(description="Wait for other jobs.")
    queued: int = strawberry.field(description="Wait for a worker.")
    running: int = strawberry.field(description="A worker is at them.")
    retrying: int = strawberry.field(description="Failed, and wait for their next try.")
    parked: int = strawberry.field(description="Wait until the platform lets them go on.")
    succeeded: int = strawberry.field(description="Done.")
    failed: int = strawberry.field(description="Given up.")
    cancelled: int = strawberry.field(description="Called off.")


@strawberry.type(description="How far a run is, as of `updatedAt`.")
class SyncProgress:
    run_id: strawberry.ID = strawberry.field(description="Global id of the run; see `Query.syncRun`.")
    state: RunState = strawberry.field(description="RUNNING, or how it ended.")
    percent: float = strawberry.field(
        description="0 to 100, each job weighed by its days and level; 100 only when the run has ended. It may fall: "
        "a job that is tried again begins anew, unless it saved how far it was.",
    )
    jobs_total: int = strawberry.field(description="All jobs of the run.")
    jobs_ended: int = strawberry.field(description="Those that have ended, however they did.")
    jobs_failed: int = strawberry.field(description="Those that were given up.")
    jobs: SyncJobCounts = strawberry.field(description="All of them by state.")
    rows_written: BigInt = strawberry.field(description="Rows that they have written so far.")
    accounts_total: int | None = strawberry.field(
        description="Ad accounts and pages that they work for. Null: the run is old, and its jobs are no longer kept "
        "one by one.",
    )
    accounts_done: int | None = strawberry.field(
        description="Ad accounts and pages whose jobs have all ended. Null as `accountsTotal`.",
    )
    waiting: list[SyncWait] = strawberry.field(description="What jobs wait for. Empty: nothing waits.")
    estimated_end: datetime | None = strawberry.field(
        description="When it will have ended if it goes on at its pace so far, waiting included, in UTC. Null: nobody "
        "can know it yet, or it has ended.",
    )
    updated_at: datetime = strawberry.field(description="When this was so, in UTC.")

    @classmethod
    def of(cls, progress: RunProgress) -> Self:
        return cls(
            run_id=global_id("SyncRun", progress.run_id),
            state=progress.state,
            percent=progress.percent,
            jobs_total=progress.jobs_total,
            jobs_ended=progress.jobs_ended,
            jobs_failed=progress.jobs_failed,
            jobs=SyncJobCounts(**progress.jobs._asdict()),
            rows_written=BigInt(progress.rows_written),
            accounts_total=progress.accounts_total,
            accounts_done=progress.accounts_done,
            waiting=[SyncWait.of(each) for each in progress.waiting],
            estimated_end=progress.estimated_end,
            updated_at=progress.updated_at,
        )


async def load_progress(parents: Parents, info: Info) -> list[SyncProgress]:
    """The progress of runs that are known to be the caller's."""
    found = await info.context.loaders.run_progress.load_many([run.row.id for run in parents])
    return [SyncProgress.of(progress) for progress in found]
