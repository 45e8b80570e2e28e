"""The root of everything that changes something."""

import strawberry

from graphql_schema.mutations.backfill import backfill
from graphql_schema.mutations.cancel_sync import CancelSyncPayload, cancel_sync
from graphql_schema.mutations.enqueue_sync import EnqueueSyncPayload, enqueue_sync
from graphql_schema.mutations.log_in import LoginPayload, login
from graphql_schema.mutations.retry_sync import retry_sync
from graphql_schema.mutations.rotate_token import RotateTokenPayload, rotate_token
from graphql_schema.mutations.set_status import SetStatusPayload, set_entity_status


@strawberry.type(description="All changes. An ANALYST may make none.")
class Mutation:
    login: LoginPayload = strawberry.mutation(
        resolver=login,
        description="Log in with e-mail and password. Needs no access token. Attempts are limited per account and "
        "client address, even with the right password; beyond the limit, RATE_LIMITED has the seconds to wait in "
        "`retryAfter`.",
    )
    set_status: SetStatusPayload = strawberry.mutation(
        resolver=set_entity_status,
        description="Pause or activate entities of one level. The platform is told first, and a status changes here "
        "only if the platform accepts. Changes are limited per user and seller to a few thousand at once; beyond "
        "that, RATE_LIMITED has the seconds to wait in `retryAfter`.",
    )
    enqueue_sync: EnqueueSyncPayload = strawberry.mutation(
        resolver=enqueue_sync,
        description="Fetch statistics now. Work that is already live is joined, not repeated. Jobs are limited per "
        "user and seller; beyond the limit, RATE_LIMITED has the seconds to wait in `retryAfter`.",
    )
    backfill: EnqueueSyncPayload = strawberry.mutation(
        resolver=backfill,
        description="Fetch a history in pieces of at most 7 days, newest first; scheduled work takes precedence. "
        "Work that is already live is joined, not repeated. Jobs are limited as in `enqueueSync`.",
    )
    cancel_sync: CancelSyncPayload = strawberry.mutation(
        resolver=cancel_sync,
        description="Cancel a run. What it has fetched is kept, and `retrySync` resumes it.",
    )
    retry_sync: EnqueueSyncPayload = strawberry.mutation(
        resolver=retry_sync,
        description="Retry a run's failed and cancelled jobs as a new run. If it was retried before, only what is "
        "still undone after those retries.",
    )
    rotate_token: RotateTokenPayload = strawberry.mutation(
        resolver=rotate_token,
        description="Replace the access token of an ad account or page. The platform must accept the new token "
        "first; then what was missed is fetched.",
    )
