"""The retrySync mutation: do again what a run did not do."""

from typing import Annotated

import strawberry

from app.errors import ConflictError, NotFoundError
from app.services.jobs.run_control import retry_run
from graphql_schema.context import Info
from graphql_schema.mutations.enqueue_sync import EnqueueSyncPayload, enqueued
from graphql_schema.types.global_id import read_id
from graphql_schema.types.permissions import Permission
from graphql_schema.types.user_errors import user_error

RUN = "input.runId"


@strawberry.input(description="The run to retry.")
class RetrySyncInput:
    run_id: strawberry.ID = strawberry.field(
        description="The global id of a run that has ended, together with all its retries. Jobs that failed, were "
        "cancelled or were left to other runs are retried, unless they have been done since."
    )


RetrySyncArgument = Annotated[RetrySyncInput, strawberry.argument(name="input", description="The run.")]


async def retry_sync(info: Info, input_: RetrySyncArgument) -> EnqueueSyncPayload:
    member = await info.context.member_with(Permission.SYNC)
    run_id = read_id(input_.run_id, "SyncRun", RUN)
    try:
        again = await retry_run(
            info.context.services,
            seller_id=member.seller_id,
            run_id=run_id,
            requested_by=member.user_id,
            allowance=info.context.allowance,
        )
    except (NotFoundError, ConflictError) as error:
        return EnqueueSyncPayload(errors=[user_error(error, path=RUN)])
    return enqueued(again)
