"""Subscriptions over a real WebSocket: values as jobs go on, who may listen, and how a socket ends."""

from __future__ import annotations

import asyncio
import gc
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import orjson
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from starlette.websockets import WebSocket
from uvicorn.protocols.utils import ClientDisconnected
from websockets.exceptions import InvalidStatus
from websockets.server import ServerProtocol

from app.http.application import create_application
from app.http.sockets import graphql_socket
from app.http.sockets.protocol import SocketProtocol
from app.http.sockets.transport import SocketTransport
from app.identifiers import new_id
from app.services.context import open_services
from app.services.following import seller_feed
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.small_world import SmallWorld
from tests.http.conftest import serving
from tests.http.sockets.client import PROGRESS, add_fetch, add_run, end_job, gid, opened, token_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from uuid import UUID

    from starlette.types import Message

    from app.configuration.settings import Settings
    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.jobs.run_progress import RunProgress
    from tests.graphql_schema.small_world import Tenant

NOT_FOUND = {"code": "NOT_FOUND"}


@dataclass(frozen=True)
class Stage:
    """A seller, and the server that it talks to."""

    tenant: Tenant
    address: str
    settings: Settings


@pytest.fixture
async def stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    async with open_services(settings, process="tests") as services:
        tenant = await SmallWorld(database, services).add_seller("acme")
        async with serving(create_application(settings)) as address:
            yield Stage(tenant, address, settings)


async def test_values_come_at_once_and_as_jobs_end_and_stop_with_the_run(stage: Stage) -> None:
    run = await add_run(stage.tenant)
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        await socket.subscribe(PROGRESS, run=gid(run.run_id))
        first = await socket.value()
        assert first == {"runId": gid(run.run_id), "state": "RUNNING", "percent": 0, "jobsTotal": 2, "jobsEnded": 0}
        await end_job(stage.tenant, run, 0)
        while (value := await socket.value())["jobsEnded"] == 0:
            pass
        assert (value["state"], value["percent"]) == ("RUNNING", 50)
        await end_job(stage.tenant, run, 1)
        while (value := await socket.value())["jobsEnded"] == 1:
            pass
        assert (value["state"], value["percent"]) == ("SUCCEEDED", 100)
        assert await socket.hear() == {"id": "1", "type": "complete"}


@pytest.mark.parametrize("redis", ["there", "away"])
async def test_a_nudge_that_is_lost_freezes_nothing(
    database: ThrowawayDatabase, settings: Settings, redis: str
) -> None:
    absent = {"redis_url": SecretStr("redis://127.0.0.1:1/0")} if redis == "away" else {}
    served = settings.model_copy(update={"membership_check_seconds": 0.1, **absent})
    async with open_services(settings, process="tests") as services, serving(create_application(served)) as address:
        tenant = await SmallWorld(database, services).add_seller("acme")
        run = await add_run(tenant, jobs=1)
        async with opened(address) as socket:
            await socket.init(token_of(tenant))
            await socket.subscribe(PROGRESS, run=gid(run.run_id))
            assert (await socket.value())["state"] == "RUNNING"
            await end_job(tenant, run, 0, nudge=False)
            while (await socket.value())["state"] == "RUNNING":
                pass
            assert await socket.hear() == {"id": "1", "type": "complete"}


async def test_a_database_that_is_away_for_a_while_is_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seller_feed, "TRY_AGAIN_SECONDS", 0.01)
    read, refused = seller_feed.load_run_progress, 0

    async def away_for_a_while(driver: Driver, seller_id: UUID, run_ids: Sequence[UUID]) -> list[RunProgress | None]:
        nonlocal refused
        if 0 < refused < 5:
            refused += 1
            raise asyncpg.CannotConnectNowError("the database system is starting up")
        return await read(driver, seller_id, run_ids)

    monkeypatch.setattr(seller_feed, "load_run_progress", away_for_a_while)
    run = await add_run(stage.tenant, jobs=1)
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        await socket.subscribe(PROGRESS, run=gid(run.run_id))
        assert (await socket.value())["state"] == "RUNNING"
        refused = 1
        await end_job(stage.tenant, run, 0)
        while (await socket.value())["state"] == "RUNNING":
            pass
        assert await socket.hear() == {"id": "1", "type": "complete"}
    assert refused == 5


async def test_between_two_values_no_connection_is_held(stage: Stage) -> None:
    run = await add_run(stage.tenant)
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        for place in range(15):  # more than the pool has connections
            await socket.subscribe(PROGRESS, str(place), run=gid(run.run_id))
        first: set[str] = set()
        while len(first) < 15:
            first.add((await socket.hear())["id"])
        held = """SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'pixecom-api' AND state <> 'idle'"""
        async with asyncio.timeout(10):
            while await stage.tenant.world.read(held):  # but for a moment, when all look for the first time
                pass


async def test_another_sellers_run_is_not_there(stage: Stage) -> None:
    stranger = await stage.tenant.world.add_seller("stranger")
    theirs = await add_run(stranger)
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        answers: list[Any] = []
        for place, run_id in enumerate((theirs.run_id, new_id())):
            await socket.subscribe(PROGRESS, str(place), run=gid(run_id))
            answers.append(await socket.hear())
        for place, answer in enumerate(answers):
            assert (answer["type"], answer["id"]) == ("error", str(place))
            assert [(error["message"], error["extensions"]) for error in answer["payload"]] == [
                ("There is no such run.", NOT_FOUND)
            ]
        await end_job(stranger, theirs, 0)
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}  # and nothing of theirs before it


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("{ viewer { role } }", "Only subscriptions run over WebSocket; send queries and mutations over HTTP."),
        (
            "mutation { enqueueSync { errors { code } } }",
            "Only subscriptions run over WebSocket; send queries and mutations over HTTP.",
        ),
        ("subscription { nothing }", "Cannot query field 'nothing' on type 'Subscription'."),
        ("subscription { syncProgress(runId: 7) { percent } ", "Syntax Error: Expected Name, found <EOF>."),
        ('subscription { syncProgress(runId: "x") { percent } }', "runId: is not an id of this API"),
    ],
)
async def test_what_is_refused_ends_its_operation_and_not_the_socket(stage: Stage, query: str, sentence: str) -> None:
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        await socket.subscribe(query)
        answer = await socket.hear()
        assert (answer["type"], answer["id"]) == ("error", "1")
        assert [error["message"] for error in answer["payload"]] == [sentence]
        assert [error["extensions"]["code"] for error in answer["payload"]] == ["BAD_USER_INPUT"]
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}


async def test_a_header_is_as_good_as_connection_init(stage: Stage) -> None:
    async with opened(stage.address, Authorization=f"Bearer {token_of(stage.tenant)}") as socket:
        await socket.say(type="connection_init")
        assert await socket.hear() == {"type": "connection_ack"}
        await socket.subscribe(PROGRESS, run=gid((await add_run(stage.tenant)).run_id))
        assert (await socket.value())["state"] == "RUNNING"


@pytest.mark.parametrize("authorization", [None, 7, "", "Bearer", "Bearer x.y.z", "Basic abc"])
async def test_without_a_token_there_is_no_socket(stage: Stage, authorization: object) -> None:
    async with opened(stage.address) as socket:
        await socket.say(type="connection_init", payload={"Authorization": authorization})
        assert await socket.closing() == (4403, "Forbidden")


async def test_the_socket_ends_with_its_token(stage: Stage) -> None:
    token = token_of(stage.tenant, access_token_minutes=0.04)  # 2.4 seconds
    run = await add_run(stage.tenant)
    async with opened(stage.address) as socket:
        await socket.init(token)
        await socket.subscribe(PROGRESS, run=gid(run.run_id))
        assert (await socket.value())["state"] == "RUNNING"
        assert await socket.closing() == (4403, "The access token has expired.")


BROKEN: list[tuple[Any, int, str]] = [
    ({"type": "subscribe", "id": "1", "payload": {"query": "subscription { x }"}}, 4401, "Unauthorized"),
    ({"type": "hello"}, 4400, "Unknown message type: hello"),
    ({"type": "x" * 500}, 4400, "Unknown message type: " + "x" * 101),
    ([], 4400, "A message must be an object with a type."),
    ({"type": "subscribe", "id": 1, "payload": {}}, 4400, "The message must have an id of at most 128 characters."),
    ({"type": "subscribe", "id": "1" * 129}, 4400, "The message must have an id of at most 128 characters."),
    ({"type": "complete", "id": "1" * 129}, 4400, "The message must have an id of at most 128 characters."),
    ({"type": "subscribe", "id": "1", "payload": []}, 4400, "The message must have a payload."),
    (
        {"type": "subscribe", "id": "1", "payload": {"query": 7}},
        4400,
        "query must be a GraphQL document in a string.",
    ),
    (
        {"type": "subscribe", "id": "1", "payload": {"query": "{x}", "variables": []}},
        4400,
        "variables must be an object.",
    ),
    ({"type": "connection_init", "payload": []}, 4400, "Invalid connection init payload"),
]


@pytest.mark.parametrize(("message", "code", "reason"), BROKEN)
async def test_what_breaks_the_protocol_ends_the_socket(stage: Stage, message: object, code: int, reason: str) -> None:
    async with opened(stage.address) as socket:
        await socket.connection.send(orjson.dumps(message).decode())
        assert await socket.closing() == (code, reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no JSON", "WebSocket message must be valid JSON"),
        ("[" * 5000, "WebSocket message must be valid JSON"),
        (b"{}", "WebSocket message type must be text"),
    ],
)
async def test_what_is_no_message_ends_the_socket(stage: Stage, text: str | bytes, reason: str) -> None:
    async with opened(stage.address) as socket:
        await socket.connection.send(text)
        assert await socket.closing() == (4400, reason)


async def test_a_second_init_and_an_id_in_use(stage: Stage) -> None:
    token = token_of(stage.tenant)
    async with opened(stage.address) as socket:
        await socket.init(token)
        await socket.say(type="connection_init", payload={"Authorization": f"Bearer {token}"})
        assert await socket.closing() == (4429, "Too many initialisation requests")
    async with opened(stage.address) as socket:
        await socket.init(token)
        for _ in range(2):
            await socket.subscribe("subscription { statsSynced { rowsWritten } }")
        assert await socket.closing() == (4409, "Subscriber for 1 already exists")


async def test_who_says_nothing_is_shown_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphql_socket, "INIT_SECONDS", 0.1)
    async with serving(create_application(stage.settings)) as address, opened(address) as socket:
        assert await socket.closing() == (4408, "Connection initialisation timeout")


async def test_another_protocol_is_not_spoken(stage: Stage) -> None:
    async with opened(stage.address, protocol="graphql-ws") as socket:
        assert await socket.closing() == (4406, "Subprotocol not acceptable")


async def test_pages_of_other_origins_get_no_socket(stage: Stage) -> None:
    with pytest.raises(InvalidStatus, match="HTTP 403"):
        async with opened(stage.address, Origin="https://evil.test"):
            pass
    async with opened(stage.address, Origin=stage.address) as socket:
        await socket.init(token_of(stage.tenant))


async def test_statistics_that_are_fetched_are_told_to_their_seller(stage: Stage) -> None:
    stranger = await stage.tenant.world.add_seller("stranger")
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        await socket.subscribe("subscription { statsSynced { adAccountId level from to rowsWritten } }")
        value = asyncio.create_task(socket.value("statsSynced"))
        fetched: list[str] = []
        while not value.done():  # what was fetched before the subscription began is not told
            await add_fetch(stranger)
            fetched.append(global_id("AdAccount", await add_fetch(stage.tenant)))
            await asyncio.wait([value], timeout=0.2)
        told = await value
    assert told.pop("adAccountId") in fetched
    assert told == {"level": "AD", "from": "2026-03-01", "to": "2026-03-04", "rowsWritten": 12}


async def test_a_server_that_ends_closes_its_sockets(stage: Stage) -> None:
    run = await add_run(stage.tenant)
    async with serving(create_application(stage.settings)) as address:
        socket_context = opened(address)
        socket = await socket_context.__aenter__()
        await socket.init(token_of(stage.tenant))
        await socket.subscribe(PROGRESS, run=gid(run.run_id))
        assert (await socket.value())["state"] == "RUNNING"
    assert await socket.closing() == (1012, "")
    await socket_context.__aexit__(None, None, None)


async def test_sockets_are_counted(stage: Stage) -> None:
    async def count() -> float:
        await asyncio.sleep(0)
        return REGISTRY.get_sample_value("pixecom_graphql_sockets") or 0.0

    before = await count()
    async with opened(stage.address) as socket:
        await socket.init(token_of(stage.tenant))
        assert await count() == before + 1
    async with asyncio.timeout(5):
        while await count() != before:
            pass


async def test_a_socket_whose_client_has_just_gone_is_closed_in_silence() -> None:
    """As when it gives way to another one at that moment."""
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message["type"])
        if message["type"] == "websocket.close":
            raise ClientDisconnected  # as uvicorn does

    socket = WebSocket({"type": "websocket"}, receive, send)
    await socket.accept()
    await SocketTransport(cast("Any", None), socket, socket).close(1013, "reason")
    assert sent == ["websocket.accept", "websocket.close"]


async def test_a_socket_is_freed_with_its_messages_when_it_ends(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long message takes megabytes, and the garbage collector might find them only after thousands of others."""
    kept = weakref.WeakSet[object]()
    monkeypatch.setattr(ServerProtocol, "recv_frame", _noting(kept, ServerProtocol.recv_frame))
    monkeypatch.setattr(SocketProtocol, "handle_message", _noting(kept, SocketProtocol.handle_message))
    gc.collect()
    gc.disable()
    try:
        async with opened(stage.address) as socket:
            await socket.init(token_of(stage.tenant))
            await socket.subscribe("{" + " " * 300_000)
            assert (await socket.hear())["type"] == "error"
            assert len(kept) == 2
        async with asyncio.timeout(10):
            while len(kept):
                await asyncio.sleep(0.01)
    finally:
        gc.enable()


def _noting(kept: weakref.WeakSet[object], method: Any) -> Any:
    """The method, which also notes what it is called on."""

    def noting(self: object, *arguments: object) -> object:
        kept.add(self)
        return method(self, *arguments)

    return noting
