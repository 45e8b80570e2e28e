"""Bytes over TCP that are hardly HTTP, or much too slow. Only the run against a real server sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.operation import Operation, Wire, bounded
from tests.serving.frames import CONTINUATION, PING, PONG, TEXT, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEAD = b"POST /graphql HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\n"
GET = b"GET /livez HTTP/1.1\r\nHost: api.test\r\n\r\n"
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: api.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)


def _headers(count: int, size: int = 10) -> bytes:
    return b"".join(b"X-%d: %s\r\n" % (place, b"x" * size) for place in range(count))


_CASES: list[tuple[str, Callable[[], Sequence[bytes]], float]] = [
    ("nothing at all", lambda: [b""], 0.0),
    ("no HTTP", lambda: [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 100], 0.0),
    ("request line of 1 MB", lambda: [b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n"], 0.0),
    ("10,000 headers", lambda: [HEAD + _headers(10_000) + b"\r\n"], 0.0),
    ("header of 1 MB", lambda: [HEAD + _headers(1, 1_000_000) + b"\r\n"], 0.0),
    ("headers without an end", lambda: [HEAD, *(_headers(1_000) for _ in range(50))], 0.0),
    ("header, byte by byte", lambda: [HEAD, *([b"X"] * 20)], 0.1),
    ("body, byte by byte", lambda: [HEAD + b"Content-Length: 1000\r\n\r\n", *([b" "] * 20)], 0.1),
    ("chunks without an end", lambda: [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *([b"1\r\n \r\n"] * 20)], 0.1),
    ("chunk of a huge size", lambda: [HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"], 0.0),
    (
        "length and chunks",
        lambda: [HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / "],
        0.0,
    ),
    ("two lengths", lambda: [HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345"], 0.0),
    ("negative length", lambda: [HEAD + b"Content-Length: -5\r\n\r\n"], 0.0),
    ("length that never comes", lambda: [HEAD + b"Content-Length: 900000\r\n\r\n{"], 0.0),
    ("folded headers", lambda: [HEAD + b"X-A: a\r\n b\r\n\r\n"], 0.0),
    ("header with NUL", lambda: [HEAD + b"X-A: a\x00b\r\n\r\n"], 0.0),
    ("no host", lambda: [b"GET /livez HTTP/1.1\r\n\r\n"], 0.0),
    ("HTTP 9.9", lambda: [b"GET /livez HTTP/9.9\r\nHost: a\r\n\r\n"], 0.0),
    ("1,000 requests in a pipeline", lambda: [GET * 1_000], 0.0),
    (
        "export that is given up",
        lambda: [
            b"POST /export/ads.csv HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        ],
        0.0,
    ),
    ("WebSocket that says nothing", lambda: [UPGRADE], 0.0),
    ("frame of a huge size", lambda: [UPGRADE, b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"], 0.1),
    ("frame without a mask", lambda: [UPGRADE, b"\x81\x05hello"], 0.1),
    (
        "1,000 pieces of one message",
        lambda: [UPGRADE, b"\x01\x81\x00\x00\x00\x00[", *([b"\x00\x81\x00\x00\x00\x00["] * 1_000)],
        0.001,
    ),
    ("1,000 pings of the protocol", lambda: [UPGRADE, frame(PING, b"x" * 125) * 1_000], 0.1),
    ("frame of 1 MB", lambda: [UPGRADE, frame(TEXT, b"x" * 1_000_000)], 0.1),
    ("chunk of 2 MB", lambda: [HEAD + b"Transfer-Encoding: chunked\r\n\r\n1e8480\r\n"], 0.0),
    ("upgrade with a header of 10 kB", lambda: [UPGRADE[:-2] + _headers(1, 10_000) + b"\r\n"], 0.0),
]


def _flood(first: bytes, again: bytes) -> Callable[[], Wire]:
    """The frames of a socket that hardly end."""
    return lambda: Wire(pieces=[UPGRADE, first, *([again * 10_000] * 20)], pause=0.01)


# What is sent by many at once.
_CROWDS: list[tuple[str, int, Callable[[], Wire]]] = [
    ("sockets of endless pings", 20, _flood(b"", frame(PING))),
    ("sockets of endless pongs", 20, _flood(b"", frame(PONG))),
    ("sockets of endless empty messages", 20, _flood(b"", frame(TEXT))),
    ("sockets of endless fragments", 20, _flood(frame(TEXT, final=False), frame(CONTINUATION, b"a", final=False))),
    ("pipelines of 300 requests, unread", 300, lambda: Wire(pieces=[GET * 300], is_deaf=True)),
    ("clients that send no more", 100, lambda: Wire(pieces=[GET], ends=True)),
]
OPERATIONS = [
    *(
        Operation(
            name=name,
            kind="wires",
            make=lambda pieces=pieces, pause=pause: Wire(pieces=pieces(), pause=pause),
            expected=bounded(),
        )
        for name, pieces, pause in _CASES
    ),
    *(
        Operation(name=f"{name}, {times}", kind="wires", make=make, expected=bounded(), times=times)
        for name, times, make in _CROWDS
    ),
]
