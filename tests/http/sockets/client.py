"""Clients of the real server over real WebSockets."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from app.auth.access_tokens import issue_access_token
from app.database.transactions import work_transaction
from app.identifiers import new_id
from app.job_kinds import JobKind
from app.metrics.levels import Level
from app.services.jobs.new_jobs import AccountKey, StatsUnit, own_job, stats_job
from app.services.jobs.progress_channel import publish_progress
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, RunOrigin
from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from websockets.asyncio.client import ClientConnection

    from app.services.jobs.run_requests import EnqueuedRun
    from tests.graphql_schema.small_world import Tenant

PROTOCOL = "graphql-transport-ws"
PROGRESS = "subscription ($run: ID!) { syncProgress(runId: $run) { runId state percent jobsTotal jobsEnded } }"
SECONDS = 10.0


@dataclass(frozen=True)
class Socket:
    """One client's socket."""

    connection: ClientConnection

    async def say(self, **message: object) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def hear(self) -> Any:
        """The next message, pings of the protocol aside."""
        async with asyncio.timeout(SECONDS):
            return orjson.loads(await self.connection.recv())

    async def init(self, token: str) -> None:
        await self.say(type="connection_init", payload={"Authorization": f"Bearer {token}"})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, operation_id: str = "1", **variables: object) -> None:
        await self.say(type="subscribe", id=operation_id, payload={"query": query, "variables": variables})

    async def value(self, field: str = "syncProgress", operation_id: str = "1") -> Any:
        """What the next message says of a subscription, which must be a value of it."""
        message = await self.hear()
        assert (message["type"], message["id"]) == ("next", operation_id), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"][field]

    async def closing(self, said: list[Any] | None = None) -> tuple[int, str]:
        """Code and reason with which the server closes; what it says before is passed over, or noted in `said`."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(SECONDS):
                while True:
                    message = await self.connection.recv()
                    if said is not None:
                        said.append(orjson.loads(message))
        return self.connection.close_code or 0, self.connection.close_reason or ""


@asynccontextmanager
async def opened(
    address: str, *, protocol: str = PROTOCOL, source: str = "127.0.0.1", **headers: str
) -> AsyncGenerator[Socket]:
    """A socket from this client address."""
    url = f"{address.replace('http://', 'ws://')}/graphql"
    async with connect(
        url,
        subprotocols=[protocol],  # pyright: ignore[reportArgumentType]  # a NewType of str
        additional_headers=headers,
        local_addr=(source, 0),
    ) as connection:
        yield Socket(connection)


def token_of(tenant: Tenant, **changes: object) -> str:
    settings = tenant.world.services.settings.model_copy(update=changes)
    issued = issue_access_token(user_id=tenant.user_id, seller_id=tenant.seller_id, role="OWNER", settings=settings)
    return issued.text


async def add_run(tenant: Tenant, jobs: int = 2) -> EnqueuedRun:
    """A run of jobs that nobody does."""
    wanted = [
        own_job(JobKind.REFRESH, key=f"{tenant.seller_id}-{n}", seller_id=tenant.seller_id, priority=Priority.MANUAL)
        for n in range(jobs)
    ]
    request = RunRequest(seller_id=tenant.seller_id, origin=RunOrigin.MANUAL, reason="a test")
    async with work_transaction(tenant.world.services.database.app) as driver:
        return await record_run(driver, request, wanted)


async def end_job(tenant: Tenant, run: EnqueuedRun, place: int, *, nudge: bool = True) -> None:
    """Let one job of a run have succeeded; the last one ends the run."""
    async with work_transaction(tenant.world.services.database.app) as driver:
        await driver.execute(
            "UPDATE jobs SET state = 'SUCCEEDED', started_at = now(), ended_at = now() WHERE id = $1",
            run.jobs[place].job_id,
        )
        await driver.execute(
            """UPDATE sync_runs SET state = 'SUCCEEDED', ended_at = now() WHERE id = $1 AND NOT EXISTS (
                 SELECT FROM sync_run_jobs JOIN jobs ON id = job_id WHERE run_id = $1 AND state <> 'SUCCEEDED')""",
            run.run_id,
        )
    if nudge:
        publish_progress(tenant.world.services, [(tenant.seller_id, run.run_id)])


async def add_fetch(tenant: Tenant) -> UUID:
    """A stats job that has just ended well; answers its account."""
    account = AccountKey(tenant.seller_id, new_id())
    job = stats_job(account, StatsUnit(Level.AD, date(2026, 3, 1), date(2026, 3, 4)), priority=Priority.MANUAL)
    request = RunRequest(seller_id=tenant.seller_id, origin=RunOrigin.MANUAL, reason="a test")
    async with work_transaction(tenant.world.services.database.app) as driver:
        run = await record_run(driver, request, [job])
        ended = "UPDATE jobs SET state = 'SUCCEEDED', rows_written = 12, ended_at = now() WHERE id = $1"
        await driver.execute(ended, run.jobs[0].job_id)
    publish_progress(tenant.world.services, [(tenant.seller_id, run.run_id)])
    return account.connection_id


def gid(run_id: UUID) -> str:
    return global_id("SyncRun", run_id)
