"""No client, with or without a token, takes the sockets and subscriptions of the others."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from app.http.application import create_application
from app.identifiers import new_id
from app.services.context import open_services
from app.serving.limits import ConnectionLimits
from tests.graphql_schema.small_world import LONG_AGO, SmallWorld, Tenant
from tests.http.conftest import serving
from tests.http.sockets.client import opened, token_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.http.sockets.client import Socket

STATS = "subscription { statsSynced { rowsWritten } }"
PONG = {"type": "pong"}


@pytest.fixture
async def tenant(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Tenant]:
    async with open_services(settings, process="tests") as services:
        yield await SmallWorld(database, services).add_seller("acme")


@asynccontextmanager
async def limited(tenant: Tenant, *, options: Mapping[str, object] | None = None, **limits: int) -> AsyncGenerator[str]:
    """A process with these limits; gives its address."""
    settings = tenant.world.services.settings.model_copy(update=limits)
    application = create_application(settings)
    async with serving(application, limits=ConnectionLimits.of(settings), **(options or {})) as address:
        yield address


async def add_colleague(tenant: Tenant) -> Tenant:
    user_id = new_id()
    stamps = {"is_active": True, "created_at": LONG_AGO, "updated_at": LONG_AGO}
    await tenant.world.insert(
        "users", {"id": user_id, "name": "Colleague", "password_hash": "-", "is_superadmin": False, **stamps}
    )
    membership = {"seller_id": tenant.seller_id, "user_id": user_id, "role": "ANALYST", "created_at": LONG_AGO}
    await tenant.world.insert("memberships", membership)
    return Tenant(tenant.world, tenant.seller_id, user_id)


async def answers(socket: Socket) -> bool:
    await socket.say(type="ping")
    return await socket.hear() == PONG


async def refused_init(socket: Socket, tenant: Tenant) -> tuple[int, str]:
    await socket.say(type="connection_init", payload={"Authorization": f"Bearer {token_of(tenant)}"})
    return await socket.closing()


async def subscribed(socket: Socket, operation_id: str) -> Any:
    """What a subscription is refused with; None if it runs."""
    await socket.subscribe(STATS, operation_id)
    await socket.say(type="ping")
    answer = await socket.hear()
    if answer == PONG:
        return None
    assert await socket.hear() == PONG
    assert (answer["type"], answer["id"]) == ("error", operation_id)
    [error] = answer["payload"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 10}
    return error["message"]


async def test_silent_sockets_shut_no_user_out(tenant: Tenant) -> None:
    async with limited(tenant, anonymous_sockets=3, sockets_per_process=2) as address, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(opened(address)) for _ in range(12)]
        users = [await stack.enter_async_context(opened(address)) for _ in range(2)]
        for socket in users:
            await socket.init(token_of(tenant))
        given_way = [await socket.closing() for socket in silent[:10]]
        assert given_way == [(1013, "Too many sockets are waiting for connection_init.")] * 10
        assert [socket.connection.close_code for socket in silent[-1:]] == [None]
        assert [await answers(socket) for socket in users] == [True, True]


async def test_a_crowd_of_silent_sockets_closes_only_its_own(tenant: Tenant) -> None:
    async with limited(tenant, anonymous_sockets=3) as address, AsyncExitStack() as stack:
        bystander = await stack.enter_async_context(opened(address, source="127.0.0.2"))
        crowd = [await stack.enter_async_context(opened(address)) for _ in range(6)]
        for socket in crowd[:4]:
            assert (await socket.closing())[0] == 1013
        await bystander.init(token_of(tenant))
        assert [socket.connection.close_code for socket in crowd[4:]] == [None, None]


async def test_a_user_has_so_many_sockets_and_leaves_room_for_others(tenant: Tenant) -> None:
    colleague = await add_colleague(tenant)
    async with limited(tenant, sockets_per_user=2) as address, AsyncExitStack() as stack:
        for _ in range(2):
            await (await stack.enter_async_context(opened(address))).init(token_of(tenant))
        async with opened(address) as third:
            assert await refused_init(third, tenant) == (1013, "You have too many sockets open.")
        async with opened(address) as theirs:
            await theirs.init(token_of(colleague))
        await stack.aclose()
        async with asyncio.timeout(10):
            while not await _may_init(address, tenant):  # the server learns of the end a moment later
                pass


async def _may_init(address: str, tenant: Tenant) -> bool:
    async with opened(address) as socket:
        await socket.say(type="connection_init", payload={"Authorization": f"Bearer {token_of(tenant)}"})
        try:
            return await socket.hear() == {"type": "connection_ack"}
        except Exception:  # noqa: BLE001  # it was closed
            return False


async def test_a_process_has_so_many_sockets(tenant: Tenant) -> None:
    async with limited(tenant, sockets_per_process=1) as address, opened(address) as early, opened(address) as late:
        await early.init(token_of(tenant))
        with pytest.raises(InvalidStatus, match="HTTP 503"):
            async with opened(address):
                pass
        assert await refused_init(late, tenant) == (1013, "Too many sockets are open.")
        assert await answers(early)


async def test_a_socket_has_so_many_subscriptions(tenant: Tenant) -> None:
    async with limited(tenant, subscriptions_per_socket=2) as address, opened(address) as socket:
        await socket.init(token_of(tenant))
        found = [await subscribed(socket, str(place)) for place in range(3)]
        assert found == [None, None, "This socket has reached its limit of subscriptions."]
        await socket.say(type="complete", id="0")
        assert await subscribed(socket, "3") is None


async def test_a_process_has_so_many_subscriptions_and_never_all_for_one_user(tenant: Tenant) -> None:
    users = [tenant, await add_colleague(tenant), await add_colleague(tenant)]
    async with limited(tenant, subscriptions_per_process=4) as address, AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(address)) for _ in users]
        for socket, user in zip(sockets, users, strict=True):
            await socket.init(token_of(user))
        found = [await subscribed(socket, str(place)) for socket in sockets for place in range(3)]
        of_user, of_process = (
            "You have reached your limit of subscriptions.",
            "The server has reached its limit of subscriptions.",
        )
        assert found == [None, None, of_user, None, None, of_user, of_process, of_process, of_process]
        await sockets[0].say(type="complete", id="0")
        async with asyncio.timeout(10):
            while await subscribed(sockets[2], "9"):
                await asyncio.sleep(0.1)  # within the limit of messages


async def test_who_talks_too_much_is_cut_off(tenant: Tenant) -> None:
    async with limited(tenant, socket_messages_per_second=1) as address:
        async with opened(address) as socket:
            await socket.init(token_of(tenant))
            for _ in range(50):
                await socket.connection.send(orjson.dumps({"type": "ping"}).decode())
            assert await socket.closing() == (4429, "Too many messages.")
        async with opened(address) as anonymous:
            for _ in range(50):
                await anonymous.connection.send(orjson.dumps({"type": "ping"}).decode())
            assert await anonymous.closing() == (4429, "Too many messages.")


async def test_the_first_messages_are_short(tenant: Tenant) -> None:
    long = orjson.dumps({"type": "ping", "payload": {"x": "x" * 20_000}}).decode()
    async with limited(tenant) as address:
        async with opened(address) as anonymous:
            await anonymous.connection.send(long)
            assert await anonymous.closing() == (4400, "The message is too long.")
        async with opened(address) as socket:
            await socket.init(token_of(tenant))
            await socket.connection.send(long)
            assert await socket.hear() == PONG
            await socket.connection.send(orjson.dumps({"type": "ping", "payload": {"x": "x" * 200_000}}).decode())
            assert await socket.hear() == PONG
        async with opened(address) as anonymous:
            await anonymous.connection.send("x" * 70_000)
            assert await anonymous.closing() == (1009, "The message is too long.")


async def test_pings_of_the_protocol_count_as_messages(tenant: Tenant) -> None:
    async with limited(tenant, socket_messages_per_second=1) as address, opened(address) as anonymous:
        for _ in range(50):
            await anonymous.connection.ping()
        assert await anonymous.closing() == (4429, "Too many messages.")


HANDSHAKE = """GET /graphql HTTP/1.1\r
Host: api.test\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Protocol: graphql-transport-ws\r
Authorization: Bearer {token}\r
\r
"""


async def test_a_peer_that_answers_no_ping_gives_its_place_back(tenant: Tenant) -> None:
    pings = {"ws_ping_interval": 1.0, "ws_ping_timeout": 0.1}
    async with limited(tenant, options=pings, sockets_per_user=1) as address:
        assert await _may_init(address, await add_colleague(tenant))  # the database is connected from here on
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        init = b'{"type":"connection_init"}'
        frame = bytes([0x81, 0x80 | len(init), 0, 0, 0, 0]) + init  # masked, with a mask that changes nothing
        writer.write(HANDSHAKE.format(token=token_of(tenant)).encode())
        async with asyncio.timeout(20):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(frame)
            await reader.readuntil(b"connection_ack")
            await reader.read()  # to the end, which the server makes
            while not await _may_init(address, tenant):
                pass
        writer.close()
        await writer.wait_closed()
