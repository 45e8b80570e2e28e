"""The root of everything that is told as it happens. Runs over WebSocket only (`app/http/sockets/`).

A resolver checks who asks and whether there is such a thing before it answers its stream: what is refused is refused
at once. That much runs in a turn, as a query does. Values have plain fields only, so that none of them opens a snapshot
that would be held until the next.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date, datetime
from typing import Annotated, Self

import strawberry

from app.metrics.levels import Level
from app.services.following.streams import SyncedStats, follow_run, follow_synced_stats
from graphql_schema.context import Info
from graphql_schema.runs.progress import SyncProgress
from graphql_schema.types.global_id import global_id, read_id
from graphql_schema.types.permissions import Permission
from graphql_schema.types.scalars import BigInt

RunIdArgument = Annotated[strawberry.ID, strawberry.argument(name="runId", description="The global id of a run.")]


@strawberry.type(description="Newly fetched statistics: one level of one ad account over some days.")
class StatsSynced:
    ad_account_id: strawberry.ID = strawberry.field(description="The global id of the ad account; see `Query.node`.")
    level: Level = strawberry.field(description="The level that was fetched.")
    from_: date = strawberry.field(name="from", description="The first day, in the ad account's time zone.")
    to: date = strawberry.field(description="The last day, in the ad account's time zone.")
    rows_written: BigInt = strawberry.field(description="How many rows changed; 0: nothing was new.")
    synced_at: datetime = strawberry.field(description="When the sync finished, in UTC.")

    @classmethod
    def of(cls, synced: SyncedStats) -> Self:
        return cls(
            ad_account_id=global_id("AdAccount", synced.account_id),
            level=synced.level,
            from_=synced.from_date,
            to=synced.to_date,
            rows_written=BigInt(synced.rows_written),
            synced_at=synced.synced_at,
        )


async def subscribe_to_progress(info: Info, run_id: RunIdArgument) -> AsyncGenerator[SyncProgress, None]:
    async with info.context.starting():
        member = await info.context.member_with(Permission.READ)
        run = read_id(run_id, "SyncRun", "runId")
        await info.context.loaders.run_progress.load(run)
    progress = follow_run(info.context.services, seller_id=member.seller_id, user_id=member.user_id, run_id=run)

    async def values() -> AsyncGenerator[SyncProgress, None]:
        async with aclosing(progress):
            async for value in progress:
                yield SyncProgress.of(value)

    return values()


async def subscribe_to_synced_stats(info: Info) -> AsyncGenerator[StatsSynced, None]:
    async with info.context.starting():
        member = await info.context.member_with(Permission.READ)
    synced = follow_synced_stats(info.context.services, seller_id=member.seller_id, user_id=member.user_id)

    async def values() -> AsyncGenerator[StatsSynced, None]:
        async with aclosing(synced):
            async for value in synced:
                yield StatsSynced.of(value)

    return values()


@strawberry.type(
    description="Live updates over WebSocket (the graphql-transport-ws protocol), for the access token's seller "
    "only. The socket closes when the token expires or the membership ends.",
)
class Subscription:
    sync_progress: AsyncGenerator[SyncProgress, None] = strawberry.subscription(
        resolver=subscribe_to_progress,
        description="The progress of a run: at once, after each change, and every few seconds until it has ended. A "
        "slow client gets fewer values, but always the last one.",
    )
    stats_synced: AsyncGenerator[StatsSynced, None] = strawberry.subscription(
        resolver=subscribe_to_synced_stats,
        description="Each piece of statistics that is fetched from now on, regardless of who requested it.",
    )
