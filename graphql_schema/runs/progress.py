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
    description="Why jobs of a run are waiting.",
    THROTTLED="The platform accepts no calls for the ad account or page before `until`.",
    RETRYING="The last try failed; the next comes at `until`.",
    PLATFORM="The platform is preparing its answer, such as a large report.",
    BLOCKED="They start after all other jobs of the run.",
    EXCLUDED="Another job is working on the same ad account and level, or on the same page.",
    SCHEDULED="They are not due before `until`.",
    QUEUED="All workers are busy, or none is running.",
)


@strawberry.type(description="Jobs of a run that wait for the same reason, on the same ad account or page.")
class SyncWait:
    reason: WaitReason = strawberry.field(description="Why they are waiting.")
    ad_account_id: strawberry.ID | None = strawberry.field(
        description="The global id of their ad account; see `Query.node`. Null: they work on a page, or on neither.",
    )
    page_id: strawberry.ID | None = strawberry.field(
        description="The global id of their page; see `Query.node`. Null: they work on an ad account, or on neither.",
    )
    jobs: int = strawberry.field(description="How many jobs are waiting.")
    until: datetime | None = strawberry.field(
        description="When the first of them continues, in UTC. Null: not at a known time.",
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
    running: int = strawberry.field(description="A worker is running them.")
    retrying: int = strawberry.field(description="Failed, and wait to be retried.")
    parked: int = strawberry.field(description="Wait until the platform allows them to continue.")
    succeeded: int = strawberry.field(description="Done.")
    failed: int = strawberry.field(description="Failed for good.")
    cancelled: int = strawberry.field(description="Cancelled.")


@strawberry.type(description="The progress of a run, as of `updatedAt`.")
class SyncProgress:
    run_id: strawberry.ID = strawberry.field(description="The global id of the run; see `Query.syncRun`.")
    state: RunState = strawberry.field(description="RUNNING, or how it ended.")
    percent: float = strawberry.field(
        description="The progress in percent, 0 to 100, with jobs weighted by days and level; 100 only when the run "
        "has ended. It may go down: a retried job starts over, unless it saved its progress.",
    )
    jobs_total: int = strawberry.field(description="All jobs of the run.")
    jobs_ended: int = strawberry.field(description="The jobs that have ended in any way.")
    jobs_failed: int = strawberry.field(description="The jobs that failed for good.")
    jobs: SyncJobCounts = strawberry.field(description="The jobs by state.")
    rows_written: BigInt = strawberry.field(description="The rows written so far.")
    accounts_total: int | None = strawberry.field(
        description="The ad accounts and pages that the jobs work on. Null: the run is old, and its jobs are no "
        "longer kept individually.",
    )
    accounts_done: int | None = strawberry.field(
        description="The ad accounts and pages with no live job left. Null: as for `accountsTotal`.",
    )
    waiting: list[SyncWait] = strawberry.field(description="What its jobs are waiting for. Empty: none is waiting.")
    estimated_end: datetime | None = strawberry.field(
        description="When it will end at the pace so far, waiting included, in UTC. Null: not known yet, or it has "
        "ended.",
    )
    updated_at: datetime = strawberry.field(description="When this progress was measured, in UTC.")

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
