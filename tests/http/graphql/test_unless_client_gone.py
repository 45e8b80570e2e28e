"""What runs unless its client goes away: results and failures come through, and the watching always ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from starlette.requests import ClientDisconnect

from app.http.graphql.client_gone import unless_client_gone

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.types import Message

DISCONNECT: Message = {"type": "http.disconnect"}
REST_OF_A_BODY: Message = {"type": "http.request", "body": b"x", "more_body": False}


class Client:
    """The receiving side of one request."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self.watchers = 0

    def send(self, *messages: Message) -> None:
        for message in messages:
            self._messages.put_nowait(message)

    async def receive(self) -> Message:
        self.watchers += 1
        try:
            return await self._messages.get()
        finally:
            self.watchers -= 1


@pytest.fixture
def client() -> Generator[Client]:
    opened = Client()
    yield opened
    assert opened.watchers == 0


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


async def test_what_ends_first_is_as_if_nobody_watched(client: Client) -> None:
    async with unless_client_gone(client.receive):
        await asyncio.sleep(0)
    client.send(DISCONNECT)
    await asyncio.sleep(0)


async def test_a_failure_comes_through(client: Client) -> None:
    async def work() -> None:
        async with unless_client_gone(client.receive):
            await asyncio.sleep(0)
            raise LookupError

    with pytest.raises(LookupError):
        await work()


async def test_the_block_ends_and_cleans_up_before_the_client_is_given_up(client: Client) -> None:
    steps: list[str] = []

    async def work() -> None:
        async with unless_client_gone(client.receive):
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                steps.append("cleaned up")

    client.send(REST_OF_A_BODY, DISCONNECT)
    with pytest.raises(ClientDisconnect):
        await work()
    assert steps == ["cleaned up"]
    assert _this_task().cancelling() == 0


async def test_a_failure_on_the_way_out_comes_through(client: Client) -> None:
    async def work() -> None:
        async with unless_client_gone(client.receive):
            try:
                await asyncio.Event().wait()
            finally:
                raise LookupError

    client.send(DISCONNECT)
    with pytest.raises(LookupError):
        await work()
    assert _this_task().cancelling() == 0


async def test_a_block_that_finishes_all_the_same(client: Client) -> None:
    client.send(DISCONNECT)
    async with unless_client_gone(client.receive):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
    assert _this_task().cancelling() == 0


async def test_what_may_not_stop_goes_on(client: Client) -> None:
    client.send(DISCONNECT)
    done = asyncio.Event()
    asked: list[bool] = []

    def may_stop() -> bool:
        asked.append(True)
        asyncio.get_running_loop().call_soon(done.set)
        return False

    async with unless_client_gone(client.receive, may_stop=may_stop):
        await done.wait()
    assert asked == [True]


@pytest.mark.parametrize("gone_too", [False, True])
async def test_the_end_of_the_process_is_not_the_clients(client: Client, *, gone_too: bool) -> None:
    async def work() -> None:
        async with unless_client_gone(client.receive):
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    if gone_too:
        client.send(DISCONNECT)
        await asyncio.sleep(0)
    working.cancel()
    await asyncio.wait([working])
    assert working.cancelled()
    assert working.cancelling() == 1


@pytest.mark.parametrize("turns", range(6))
async def test_a_client_that_goes_as_the_block_ends(client: Client, turns: int) -> None:
    """Whatever comes first, no cancellation is left over."""
    asyncio.get_running_loop().call_soon(client.send, DISCONNECT)
    with suppress(ClientDisconnect):
        async with unless_client_gone(client.receive):
            for _ in range(turns):
                await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert _this_task().cancelling() == 0
