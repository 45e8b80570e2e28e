"""The root of everything that changes something."""

import strawberry

from graphql_schema.mutations.backfill import backfill
from graphql_schema.mutations.cancel_sync import CancelSyncPayload, cancel_sync
from graphql_schema.mutations.enqueue_sync import EnqueueSyncPayload, enqueue_sync
from graphql_schema.mutations.log_in import LoginPayload, login
from graphql_schema.mutations.retry_sync import retry_sync
from graphql_schema.mutations.rotate_token import RotateTokenPayload, rotate_token
from graphql_schema.mutations.set_status import SetStatusPayload, set_entity_status


@strawberry.type(description="Everything that can be changed. An ANALYST may change nothing.")
class Mutation:
    login: LoginPayload = strawberry.mutation(
        resolver=login,
        description="Log in with e-mail and password. Needs no access token. Attempts are limited per account and "
        "client address, even with the right password: above the limit, the error RATE_LIMITED has the seconds to wait "
        "in `retryAfter`.",
    )
    set_status: SetStatusPayload = strawberry.mutation(
        resolver=set_entity_status,
        description="Pause or activate entities of one level. The platform is told first; a status changes here only "
        "when the platform accepted. Changes are limited per user and seller, a few thousand at once: above the limit, "
        "the error RATE_LIMITED has the seconds to wait in `retryAfter`.",
    )
    enqueue_sync: EnqueueSyncPayload = strawberry.mutation(
        resolver=enqueue_sync,
        description="Fetch statistics now. Work that is live already is joined, not doubled. Started jobs are limited "
        "per user and seller: above the limit, the error RATE_LIMITED has the seconds to wait in `retryAfter`.",
    )
    backfill: EnqueueSyncPayload = strawberry.mutation(
        resolver=backfill,
        description="Fetch a history in pieces of at most 7 days, the newest first; what the schedule asks for goes "
        "between them. Work that is live already is joined, not doubled. Started jobs are limited as those of "
        "`enqueueSync`.",
    )
    cancel_sync: CancelSyncPayload = strawberry.mutation(
        resolver=cancel_sync,
        description="Call a run off. What it has fetched stays; `retrySync` goes on where it was.",
    )
    retry_sync: EnqueueSyncPayload = strawberry.mutation(
        resolver=retry_sync,
        description="Do again what a run did not do: its failed and cancelled jobs, as a new run. Of one that was gone "
        "on with before, only what all of these runs together have not done.",
    )
    rotate_token: RotateTokenPayload = strawberry.mutation(
        resolver=rotate_token,
        description="Give an ad account or a page another access token, which the platform must accept for it first. "
        "What was missed meanwhile is fetched then.",
    )
