"""Requests leave next to nothing for the garbage collector, which would hold the event loop under a flood."""

from __future__ import annotations

import asyncio
import gc
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.http.staging import QUERY, Stage, open_stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from app.settings import Settings
    from tests.conftest import ThrowawayDatabase

REQUESTS = 20
# A connection and what is opened for the first time have some, however many requests follow.
MOST_EACH = 5
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


@contextmanager
def _without_collections() -> Generator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert length is not None
    await reader.readexactly(int(length[1]))
