"""The backfill mutation: fetch a history."""

from datetime import date
from typing import Annotated

import strawberry

from app.errors import ConflictError, NotFoundError
from app.services.job_broker import Priority
from app.services.sync import enqueue_seller_sync
from app.vocabulary import RunOrigin
from graphql_schema.context import Info
from graphql_schema.mutations.enqueue_sync import ACCOUNTS, EnqueueSyncPayload, enqueued, read_accounts
from graphql_schema.permissions import Permission
from graphql_schema.user_errors import user_error


@strawberry.input(description="Which history to fetch.")
class BackfillInput:
    from_: date = strawberry.field(name="from", description="The first day, in each account's zone.")
    to: date = strawberry.field(description="The last day, included.")
    ad_account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Which ad accounts; 1 to 500. Null: all that are active and healthy.",
    )


BackfillArgument = Annotated[BackfillInput, strawberry.argument(name="input", description="Which history.")]


async def backfill(info: Info, input_: BackfillArgument) -> EnqueueSyncPayload:
    member = await info.context.member_with(Permission.SYNC)
    accounts = input_.ad_account_ids
    try:
        run = await enqueue_seller_sync(
            info.context.services,
            seller_id=member.seller_id,
            requested_by=member.user_id,
            from_date=input_.from_,
            to_date=input_.to,
            account_ids=None if accounts is None else read_accounts(accounts),
            origin=RunOrigin.BACKFILL,
            priority=Priority.BACKFILL,
        )
    except NotFoundError as error:
        return EnqueueSyncPayload(errors=[user_error(error, path=ACCOUNTS)])
    except ConflictError as error:
        return EnqueueSyncPayload(errors=[user_error(error)])
    return enqueued(run)
