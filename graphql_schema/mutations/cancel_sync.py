"""The cancelSync mutation: cancel a run."""

from typing import Annotated
from uuid import UUID

import strawberry

from app.errors import ConflictError, NotFoundError
from app.services.jobs.run_control import cancel_run
from graphql_schema.context import Info
from graphql_schema.fields.batched import batched
from graphql_schema.messages.operation_record import record_run_of
from graphql_schema.mutations.enqueue_sync import load_runs
from graphql_schema.runs.runs import SyncRun
from graphql_schema.types.global_id import read_id
from graphql_schema.types.permissions import Permission
from graphql_schema.types.user_errors import UserError, user_error

RUN = "input.runId"


@strawberry.input(description="The run to cancel.")
class CancelSyncInput:
    run_id: strawberry.ID = strawberry.field(description="Global id of a run that has not ended.")


@strawberry.type(description="The outcome of a cancellation.")
class CancelSyncPayload:
    run_id: strawberry.Private[UUID | None] = None

    jobs_cancelled: int = strawberry.field(
        default=0,
        description="How many of its jobs were cancelled; running ones stop at their next step.",
    )
    jobs_left_to_others: int = strawberry.field(
        default=0,
        description="How many jobs continue because another run needs them too; they no longer belong to this run.",
    )
    run: SyncRun | None = batched(load_runs, description="The run. Null: see `errors`.")
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why it was not cancelled: a NotFoundError if there is no such run, a ConflictError if it has "
        "ended. Empty: it was cancelled.",
    )


CancelSyncArgument = Annotated[CancelSyncInput, strawberry.argument(name="input", description="The run.")]


async def cancel_sync(info: Info, input_: CancelSyncArgument) -> CancelSyncPayload:
    member = await info.context.member_with(Permission.SYNC)
    run_id = read_id(input_.run_id, "SyncRun", RUN)
    try:
        called_off = await cancel_run(
            info.context.services,
            seller_id=member.seller_id,
            run_id=run_id,
            requested_by=member.user_id,
        )
    except (NotFoundError, ConflictError) as error:
        return CancelSyncPayload(errors=[user_error(error, path=RUN)])
    record_run_of(run_id)
    return CancelSyncPayload(
        run_id=run_id,
        jobs_cancelled=called_off.jobs,
        jobs_left_to_others=called_off.left_to_others,
    )
