"""The start of a subscription is a turn of its caller's and has a query's deadline; what runs afterwards is not."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from tests.http.sockets.client import PROGRESS, add_run, gid, opened
from tests.http.staging import ANSWER, QUERY, Stage, open_stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.chaos.own_servers import OwnPostgres
    from tests.http.sockets.client import Socket

STATS = "subscription { statsSynced { rowsWritten } }"


@asynccontextmanager
async def socket_of(stage: Stage) -> AsyncGenerator[Socket]:
    async with opened(stage.url) as socket:
        await socket.init(stage.token)
        yield socket


async def refusal(socket: Socket, operation_id: str) -> dict[str, Any]:
    """The extensions of the error that a subscription fails with."""
    message = await socket.hear()
    assert (message["type"], message["id"]) == ("error", operation_id), message
    [error] = message["payload"]
    return error["extensions"]


async def test_starts_take_the_slots_of_their_caller(database: ThrowawayDatabase, settings: Settings) -> None:
    changes = {"operations_per_user": 1, "operations_waiting": 0}
    async with open_stage(database, settings.model_copy(update=changes)) as stage:
        run = gid((await add_run(stage.tenant)).run_id)
        colleague = await stage.with_colleague()
        async with socket_of(stage) as socket:
            async with stage.locked("sync_runs"):
                await socket.subscribe(PROGRESS, "1", run=run)
                await stage.until_waiting(1)
                await socket.subscribe(STATS, "2")
                assert (await refusal(socket, "2"))["code"] == "RATE_LIMITED"
                assert await colleague.ask() == ANSWER
            assert (await socket.value())["jobsTotal"] == 2
            assert await stage.ask() == ANSWER  # a subscription that runs holds no slot


async def test_a_loop_of_starts_that_are_given_up_holds_no_slot(
    database: ThrowawayDatabase, settings: Settings
) -> None:
    async with open_stage(database, settings.model_copy(update={"operations_per_user": 1})) as stage:
        run = gid((await add_run(stage.tenant)).run_id)
        async with socket_of(stage) as socket:
            async with stage.locked("sync_runs"):
                for place in range(10):
                    await socket.subscribe(PROGRESS, str(place), run=run)
                    await stage.until_waiting(1)
                    await socket.say(type="complete", id=str(place))
                    await stage.until_idle(seconds=5)
            assert await stage.ask() == ANSWER


async def test_a_start_that_takes_too_long_is_told_so(database: ThrowawayDatabase, settings: Settings) -> None:
    async with open_stage(database, settings.model_copy(update={"read_seconds": 1.0})) as stage:
        run = gid((await add_run(stage.tenant)).run_id)
        async with socket_of(stage) as socket:
            async with stage.locked("sync_runs"):
                await socket.subscribe(PROGRESS, "1", run=run)
                assert await refusal(socket, "1") == {"code": "DEADLINE_EXCEEDED", "limitSeconds": 1.0}
                await stage.until_idle(seconds=5)
            await socket.subscribe(PROGRESS, "1", run=run)
            assert (await socket.value())["jobsTotal"] == 2


async def test_what_runs_has_no_deadline(database: ThrowawayDatabase, settings: Settings) -> None:
    async with open_stage(database, settings.model_copy(update={"read_seconds": 0.5})) as stage:
        run = gid((await add_run(stage.tenant)).run_id)
        async with socket_of(stage) as socket:
            await socket.subscribe(PROGRESS, run=run)
            await socket.value()
            await asyncio.sleep(1.0)
            await socket.say(type="ping")
            assert await socket.hear() == {"type": "pong"}


async def test_a_silent_database_is_told_in_time(postgres: OwnPostgres, settings: Settings) -> None:
    own: Any = postgres.urls
    changes = {"read_seconds": 2.0, "database_pool_size": 2, "database_url": SecretStr(own.app_url)}
    async with open_stage(own, settings.model_copy(update=changes)) as stage, socket_of(stage) as socket:
        run = gid((await add_run(stage.tenant)).run_id)
        with postgres.silent():
            await socket.subscribe(PROGRESS, "1", run=run)
            assert (await refusal(socket, "1"))["code"] == "UPSTREAM_UNAVAILABLE"
            async with opened(stage.url) as late:
                await late.say(type="connection_init", payload={"Authorization": f"Bearer {stage.token}"})
                assert await late.closing() == (1013, "The database is not answering right now.")
        await socket.subscribe(PROGRESS, "2", run=run)
        assert (await socket.value(operation_id="2"))["jobsTotal"] == 2
        assert await stage.ask(QUERY) == ANSWER
