"""What becomes of bytes that are written after the end of a connection."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
import uvloop

from app.serving.http.open_transport import OpenTransport


async def _write_to_a_closed_transport() -> tuple[bytes, str]:
    """What arrives of a write before the end, and what uvloop says of one after it."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[asyncio.Transport] = loop.create_future()

    class Made(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set_result(cast("asyncio.Transport", transport))

    server = await loop.create_server(Made, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    transport = await made
    opened = OpenTransport(transport)
    opened.write(b"before")
    received = await reader.readexactly(6)
    transport.abort()
    await asyncio.sleep(0.05)
    with pytest.raises(RuntimeError) as told:
        transport.write(b"after")
    opened.write(b"after")
    assert opened.is_closing()
    writer.close()
    server.close()
    return received, str(told.value)


def test_they_are_dropped() -> None:
    with ThreadPoolExecutor(max_workers=1) as pool:
        received, told = pool.submit(lambda: uvloop.run(_write_to_a_closed_transport())).result()
    assert received == b"before"
    assert told.endswith("the handler is closed")
