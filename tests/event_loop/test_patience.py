"""How long an answer is waited for: not while our own loop is held."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import closing

import pytest

from app.event_loop.patience import patience

SECONDS = 0.1


async def answered_while_held(wait: asyncio.Timeout | None = None) -> bytes:
    """The answer of a peer that gives it while our loop is held for longer than anybody waits."""
    ours, theirs = socket.socketpair()
    with closing(theirs):
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            asyncio.get_running_loop().call_soon(_hold, theirs)
            async with wait or patience(SECONDS):
                return await reader.readline()
        finally:
            writer.close()
            await writer.wait_closed()


def _hold(theirs: socket.socket) -> None:
    theirs.sendall(b"here\n")
    time.sleep(3 * SECONDS)


async def test_an_answer_that_came_while_the_loop_was_held_is_read() -> None:
    assert await answered_while_held() == b"here\n"


async def test_who_does_not_answer_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        async with patience(SECONDS):
            await asyncio.Event().wait()


async def test_a_failure_in_the_block_is_passed_on_and_nothing_is_left() -> None:
    with pytest.raises(ZeroDivisionError):
        async with patience(SECONDS):
            raise ZeroDivisionError
    async with patience(SECONDS):
        pass
    await asyncio.sleep(0)
