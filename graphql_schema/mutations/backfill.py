"""The backfill mutation: fetch a history."""

from datetime import date
from typing import Annotated

import strawberry

from app.errors import ConflictError, NotFoundError
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import Priority, RunOrigin
from graphql_schema.context import Info
from graphql_schema.mutations.enqueue_sync import EnqueueSyncPayload, enqueued, read_accounts, refused
from graphql_schema.types.permissions import Permission


@strawberry.input(description="The history to fetch.")
class BackfillInput:
    from_: date = strawberry.field(
        name="from", description="The first day, in each account's time zone; at most 37 months ago."
    )
    to: date = strawberry.field(description="The last day, included.")
    ad_account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The ad accounts; 1 to 500. Null: all.",
    )


BackfillArgument = Annotated[BackfillInput, strawberry.argument(name="input", description="The history to fetch.")]


async def backfill(info: Info, input_: BackfillArgument) -> EnqueueSyncPayload:
    member = await info.context.member_with(Permission.SYNC)
    try:
        run = await enqueue_seller_sync(
            info.context.services,
            seller_id=member.seller_id,
            requested_by=member.user_id,
            from_date=input_.from_,
            to_date=input_.to,
            account_ids=read_accounts(input_.ad_account_ids),
            origin=RunOrigin.BACKFILL,
            priority=Priority.BACKFILL,
            allowance=info.context.allowance,
        )
    except (NotFoundError, ConflictError) as error:
        return refused(error)
    return enqueued(run)
