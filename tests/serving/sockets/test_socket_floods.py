"""WebSocket clients that send too much of anything: they are closed before it is parsed, and cut off if they go on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.server import ServerProtocol

from app.serving.http.lingering import LINGER_BYTES
from app.serving.sockets.frame_limits import note_known_client
from tests.serving.frames import CLOSE, CONTINUATION, HANDSHAKE, PING, PONG, TEXT, frame, head

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from tests.serving.conftest import Client, Serve

BURST = 5 * 20
UNKNOWN_BYTES = 65_536
TOO_MANY = b"Too many messages."
TOO_LONG = b"The message is too long."


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The opcodes of all frames that `websockets` has parsed, which is what takes long."""
    opcodes: list[int] = []
    receive = ServerProtocol.recv_frame

    def counting(self: ServerProtocol, received: Any) -> None:
        opcodes.append(received.opcode)
        receive(self, received)

    monkeypatch.setattr(ServerProtocol, "recv_frame", counting)
    return opcodes


async def _shake_hands(client: Client) -> None:
    await client.send(HANDSHAKE)
    assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")


def _closing(code: int, reason: bytes) -> bytes:
    """The close frame of the server."""
    return bytes([0x80 | CLOSE, 2 + len(reason)]) + code.to_bytes(2) + reason


FLOODS = {
    "pings": lambda: frame(PING) * 10_000,
    "pings in the middle of a message": lambda: frame(TEXT, b"a", final=False) + frame(PING) * 10_000,
    "pongs": lambda: frame(PONG, b"x" * 125) * 10_000,
    "empty fragments": lambda: frame(TEXT, final=False) + frame(CONTINUATION, final=False) * 10_000,
    "fragments of a byte": lambda: frame(TEXT, final=False) + frame(CONTINUATION, b"a", final=False) * 100_000,
    "empty messages": lambda: frame(TEXT) * 10_000,
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_a_flood_of_frames_ends_the_socket(serve: Serve, parsed: list[int], flood: Callable[[], bytes]) -> None:
    async with serve() as served, served.client() as client:
        await _shake_hands(client)
        sending = asyncio.create_task(_send(client, flood()))
        assert (await client.rest()).endswith(_closing(4429, TOO_MANY))
        await sending
        await served.until(lambda: served.connections == 0)
    assert len(parsed) <= BURST


async def _send(client: Client, data: bytes) -> None:
    try:
        await client.send(data)
    except ConnectionError:
        return


@pytest.mark.parametrize("opcode", [PING, PONG])
async def test_frames_one_by_one_count_too(serve: Serve, parsed: list[int], opcode: int) -> None:
    async with serve(socket_frames_per_second=1) as served, served.client() as client:
        await _shake_hands(client)
        for _ in range(20):
            await _send(client, frame(opcode))
            await asyncio.sleep(0)
        assert (await client.rest()).endswith(_closing(4429, TOO_MANY))
    assert len(parsed) <= 10


async def test_a_client_that_goes_on_is_cut_off(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await _shake_hands(client)
        with pytest.raises(ConnectionError):
            await client.send(*[frame(PING) * 10_000] * (100 * LINGER_BYTES // 60_000))


async def test_a_client_that_was_told_to_go_may_not_flood_either(serve: Serve, parsed: list[int]) -> None:
    async def closes(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})

    async with serve(application=closes) as served, served.client() as client:
        await _shake_hands(client)
        assert await client.reader.readexactly(4) == _closing(1000, b"")
        await _send(client, frame(PING) * 10_000)
        await served.until(lambda: served.connections == 0)
    assert parsed == []


@pytest.mark.parametrize(
    "sent",
    [
        head(TEXT, UNKNOWN_BYTES + 1),
        head(TEXT, 2**63 - 1),
        frame(TEXT, bytes(UNKNOWN_BYTES), final=False) + head(CONTINUATION, 1),
        frame(TEXT, bytes(40_000), final=False) + frame(PING) + head(CONTINUATION, 40_000),
    ],
    ids=["message", "huge", "fragments", "fragments with a ping"],
)
async def test_a_message_of_an_unknown_client_is_refused_before_it_is_there(serve: Serve, sent: bytes) -> None:
    async with serve() as served, served.client() as client:
        await _shake_hands(client)
        await client.send(sent)
        assert (await client.rest()).endswith(_closing(1009, TOO_LONG))


async def _knows(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that knows its client from the first message on."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        note_known_client(scope)
        await send({"type": "websocket.send", "text": str(len(message["text"]))})


async def test_a_known_client_may_send_long_messages_but_no_stream_of_them(serve: Serve) -> None:
    async with serve(application=_knows) as served:
        async with connect(f"ws://127.0.0.1:{served.port}/", compression=None) as socket:
            await socket.send("x" * UNKNOWN_BYTES)
            assert await socket.recv() == str(UNKNOWN_BYTES)
            await socket.send("x" * 900_000)
            assert await socket.recv() == "900000"
            await socket.send("x" * 900_000)
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        assert (socket.close_code, socket.close_reason) == (4429, "Too many bytes.")


@pytest.mark.parametrize(
    "sent", [frame(TEXT, b"\xff\xfe"), frame(TEXT, b"a", final=False) + frame(CONTINUATION, b"\xff")]
)
async def test_text_that_is_not_utf8_ends_the_socket_without_a_line_in_the_log(
    serve: Serve, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve() as served, served.client() as client:
        await _shake_hands(client)
        await client.send(sent)
        assert (await client.rest()).endswith(_closing(1007, b"The message is not UTF-8."))
        await served.until(lambda: served.connections == 0)
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_compression_is_not_taken_up(serve: Serve) -> None:
    async with serve() as served, connect(f"ws://127.0.0.1:{served.port}/", compression="deflate") as socket:
        assert socket.protocol.extensions == []
        await socket.send("hello")
        assert await socket.recv() == "hello"


async def test_little_waits_for_a_slow_application(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest stays with the client: the server reads no more."""
    read = 0
    receive = ServerProtocol.receive_data

    def counting(self: ServerProtocol, data: bytes | bytearray) -> None:
        nonlocal read
        read += len(data)
        receive(self, data)

    monkeypatch.setattr(ServerProtocol, "receive_data", counting)
    gate = asyncio.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await receive()
        await send({"type": "websocket.accept"})
        await gate.wait()
        while (await receive())["type"] == "websocket.receive":
            pass

    limits = {"socket_frames_per_second": 10**6, "socket_bytes_per_second": 10**9}
    async with serve(application=waits, **limits) as served, served.client() as client:
        await _shake_hands(client)
        sending = asyncio.create_task(_send(client, frame(TEXT, bytes(50_000)) * 400))
        await served.until(lambda: read > len(HANDSHAKE))
        for _ in range(100):
            await asyncio.sleep(0)
        assert read <= 600_000  # two reads of the event loop
        assert not sending.done()
        gate.set()
        await sending
        await served.until(lambda: read > 20_000_000)


async def test_a_handshake_that_cannot_be_read_is_refused(serve: Serve) -> None:
    asked = HANDSHAKE.replace(b"\r\n\r\n", b"\r\nX: " + b"a" * 10_000 + b"\r\n\r\n")
    async with serve() as served, served.client() as client:
        await client.send(asked)
        assert (await client.rest()).startswith(b"HTTP/1.1 431 ")
        await served.until(lambda: served.connections == 0)
