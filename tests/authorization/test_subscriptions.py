"""Every subscription of the schema times every kind of caller, who proves who they are at connection_init."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from graphql_schema.types.global_id import global_id
from graphql_schema.types.permissions import Permission
from tests.authorization.asgi_socket import AsgiSocket, Closed, opened
from tests.authorization.callers import CALLERS, Anonymous, Caller, Member, Refused
from tests.authorization.judging import nothing_happens, refusal_of
from tests.authorization.subscription_rows import SUBSCRIPTIONS, SubscriptionRow
from tests.http.sockets.client import add_fetch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.authorization.world import Stage

NO_SOCKET = Closed(4403, "Forbidden")
MALFORMED = 4400  # such as a message that is larger than a token can make it
cells = pytest.mark.parametrize("row", SUBSCRIPTIONS.values(), ids=SUBSCRIPTIONS)
every_caller = pytest.mark.parametrize("caller", CALLERS, ids=[caller.name for caller in CALLERS])


@asynccontextmanager
async def connected(stage: Stage, caller: Caller, *, in_header: bool) -> AsyncGenerator[AsgiSocket]:
    """A socket with its connection_init sent; what a request's body would carry is in the payload of that."""
    shown = caller.show(stage)
    header = shown.headers.get("Authorization")
    headers = dict(shown.headers) if in_header else {k: v for k, v in shown.headers.items() if k != "Authorization"}
    payload: dict[str, Any] = {**shown.body}
    if header is not None and not in_header:
        payload["Authorization"] = header
    async with opened(stage.application, headers=headers, query=shown.query) as socket:
        await socket.say(type="connection_init", payload=payload)
        yield socket


@cells
@every_caller
@pytest.mark.parametrize("in_header", [False, True], ids=["connection_init", "header"])
async def test_cell(stage: Stage, row: SubscriptionRow, caller: Caller, *, in_header: bool) -> None:
    await stage.forget_limits()
    refusal = refusal_of(caller.standing, Permission.READ)
    if refusal is None:
        await check_allowed(stage, row, caller, in_header=in_header)
        return
    async with nothing_happens(stage), connected(stage, caller, in_header=in_header) as socket:
        heard = await socket.hear()
        if isinstance(caller.standing, Anonymous | Refused):
            assert heard == NO_SOCKET or (caller.name == "too long a token" and heard.code == MALFORMED)
        elif heard != NO_SOCKET:  # a valid token of somebody who is no member, or no longer
            assert heard == Closed(NO_SOCKET.code, refusal.message)


async def errors_of(stage: Stage, row: SubscriptionRow, socket: AsgiSocket) -> list[tuple[str, str]]:
    await subscribe(stage, row, socket)
    answer = await socket.hear()
    assert answer["type"] == "error", answer
    return [(error["extensions"]["code"], error["message"]) for error in answer["payload"]]


async def subscribe(stage: Stage, row: SubscriptionRow, socket: AsgiSocket) -> None:
    payload = {"query": row.document, "variables": row.variables(stage.ours.ids)}
    await socket.say(type="subscribe", id="1", payload=payload)


async def check_allowed(stage: Stage, row: SubscriptionRow, caller: Caller, *, in_header: bool) -> None:
    assert isinstance(caller.standing, Member)
    async with connected(stage, caller, in_header=in_header) as socket:
        assert await socket.hear() == {"type": "connection_ack"}
        if row.of_ids and not caller.standing.of_ours:
            [(code, message)] = await errors_of(stage, row, socket)
            assert (code, stage.ours.canary in message) == ("NOT_FOUND", False)
            return
        await subscribe(stage, row, socket)
        heard = asyncio.create_task(socket.hear())
        own: set[str] = set()
        while row.waits and not heard.done():  # what happened before the subscription began is not told
            for side in (stage.ours, stage.theirs):
                account = global_id("AdAccount", await add_fetch(side.tenant))
                own |= {account} if side is caller.standing.side(stage) else set()
            await asyncio.wait([heard], timeout=0.05)
        message = await heard
        assert message["type"] == "next", message
        row.check(message["payload"]["data"], stage.ours.ids, own)
