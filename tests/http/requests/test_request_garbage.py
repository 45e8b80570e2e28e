"""Requests and sockets leave next to nothing for the garbage collector, which would hold the event loop in a flood."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from app.http.sockets import graphql_socket
from tests.http.staging import QUERY, Stage, open_stage
from tests.serving.frames import CLOSE, HANDSHAKE, TEXT, frame

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from app.configuration.settings import Settings
    from tests.conftest import ThrowawayDatabase

REQUESTS = 20
# A connection and what is opened for the first time have some, however many requests follow.
MOST_EACH = 5
# asyncio's own transports, and the driver's that cancels a statement.
MOST_GIVEN_UP = 40
# asyncio's own transports, of both ends.
MOST_OF_A_SOCKET = 15
SOCKETS = 10
UPGRADE = HANDSHAKE[:-2] + b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
LARGE = """{ campaigns(range: {preset: LAST_30_DAYS}, first: 20) {
  nodes { series(granularity: DAY) { from metrics { spend } } adsets { nodes { series(granularity: DAY) { from } } } }
} }"""
REFUSED = "{ ads(first: 101) { totalCount } }"
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@pytest.fixture
async def stage(database: ThrowawayDatabase, settings: Settings) -> AsyncGenerator[Stage]:
    async with open_stage(database, settings) as opened:
        yield opened


@pytest.mark.parametrize(("token", "query"), [("valid", QUERY), ("forged", QUERY), ("valid", REFUSED)])
async def test_a_request_leaves_no_cycles(stage: Stage, token: str, query: str) -> None:
    """What a resolver held that failed would stay in the traceback of its error."""
    request = stage.request(query)
    if token == "forged":
        request = request.replace(stage.token.encode(), stage.token[:-4].encode() + b"AAAA")
    async with stage.connected() as (reader, writer):
        writer.write(request)
        await _answer(reader)
        with _without_collections():
            for _ in range(REQUESTS):
                writer.write(request)
                await _answer(reader)
            await asyncio.sleep(0)
            assert gc.collect() <= MOST_EACH * REQUESTS


async def test_an_answer_that_grows_too_large_leaves_no_cycles(database: ThrowawayDatabase, settings: Settings) -> None:
    """Many of its fields fail at once, each with an error of its own, of which one is reported."""
    async with open_stage(database, settings.model_copy(update={"max_answer_values": 400})) as stage:
        account = await stage.tenant.add_account()
        for _ in range(20):
            await stage.tenant.add_adset(await stage.tenant.add_campaign(account))
        request = stage.request(LARGE)
        async with stage.connected() as (reader, writer):
            writer.write(request)
            assert b"QUERY_TOO_COMPLEX" in await _answer(reader)
            with _without_collections():
                for _ in range(REQUESTS):
                    writer.write(request)
                    await _answer(reader)
                await asyncio.sleep(0)
                assert gc.collect() <= MOST_EACH * REQUESTS


async def test_a_request_that_is_given_up_leaves_no_cycles(stage: Stage) -> None:
    """What all of its fields had so far would stay in the traceback of its cancellation."""
    async with stage.connected() as (reader, writer):  # what is done once is done
        writer.write(stage.request(QUERY))
        await _answer(reader)
    async with stage.locked("ad_stats_daily"):
        await _give_up(stage)
        with _without_collections():
            for _ in range(REQUESTS):
                await _give_up(stage)
            assert gc.collect() <= MOST_GIVEN_UP * REQUESTS


async def _give_up(stage: Stage) -> None:
    """Leave while it waits for a table."""
    before = len(stage.noticed.disconnects)
    async with stage.connected() as (_, writer):
        writer.write(stage.request(QUERY))
        await stage.until_waiting(1)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    await stage.until_idle(seconds=10)
    assert len(stage.noticed.disconnects) == before + 1


@pytest.mark.parametrize(
    ("init_seconds", "sent", "code"),
    [(60.0, None, None), (0.01, b"", 4408), (60.0, frame(TEXT, b"\xff"), 1007), (60.0, frame(TEXT, b"{}"), 4400)],
    ids=["left", "without connection_init", "not UTF-8", "malformed"],
)
async def test_a_socket_leaves_no_cycles(
    database: ThrowawayDatabase,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    init_seconds: float,
    sent: bytes | None,
    code: int | None,
) -> None:
    """All that is made for it would refer to itself in circles: its two protocols, parsers, and the application's."""
    monkeypatch.setattr(graphql_socket, "INIT_SECONDS", init_seconds)
    async with open_stage(database, settings) as stage:
        await _open_and_end(stage, sent, code)
        with _without_collections():
            for _ in range(SOCKETS):
                await _open_and_end(stage, sent, code)
            assert gc.collect() <= MOST_OF_A_SOCKET * SOCKETS


async def _open_and_end(stage: Stage, sent: bytes | None, code: int | None) -> None:
    """Leave after the handshake if nothing is sent; otherwise wait until the server has closed it with this code."""
    before = len(asyncio.all_tasks())
    async with stage.connected() as (reader, writer):
        writer.write(UPGRADE)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        if sent is not None and code is not None:
            writer.write(sent)
            frame_head = await reader.readexactly(4)
            assert (frame_head[0] & 0x0F, int.from_bytes(frame_head[2:])) == (CLOSE, code)

    async def ended() -> bool:
        return len(asyncio.all_tasks()) <= before

    await stage.until(ended)


@contextmanager
def _without_collections() -> Generator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert length is not None
    return await reader.readexactly(int(length[1]))
