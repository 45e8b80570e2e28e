"""Heads that another server may read in another way are refused, before anything is made of their requests."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from app.serving.http.head_faults import fault_of
from tests.serving.frames import HANDSHAKE

if TYPE_CHECKING:
    from tests.serving.conftest import Serve

BAD = HTTPStatus.BAD_REQUEST
UNKNOWN = HTTPStatus.NOT_IMPLEMENTED
HOST = [(b"host", b"a")]


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a",
        "api.example.com",
        "api.example.com:443",
        "a:",
        "192.0.2.1:8000",
        "[::1]",
        "[2001:db8::1]:8000",
        "a_b-1",
        "%C3%BC",
    ],
)
def test_a_host_with_or_without_a_port_is_accepted(host: str) -> None:
    assert fault_of([(b"host", host.encode("latin-1"))], version="1.1") is None


@pytest.mark.parametrize(
    "host",
    [
        "a b",
        "a/b",
        "a, b",
        "u@a",
        "a:b",
        "a:1:2",
        "::1",
        "[::1",
        "[]",
        "a?b",
        "a#b",
        "\xfc",
        "a\x7f",
        "http://a",
        '"a"',
        "a\\b",
    ],
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_what_is_no_host_is_refused(host: str, version: str) -> None:
    assert fault_of([(b"host", host.encode("latin-1"))], version=version) is BAD


@pytest.mark.parametrize(("version", "status"), [("0.9", BAD), ("1.0", None), ("1.1", BAD), ("2.0", BAD)])
def test_only_the_version_without_a_host_may_leave_it_out(version: str, status: HTTPStatus | None) -> None:
    assert fault_of([(b"accept", b"*/*")], version=version) is status


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_two_hosts_are_refused_even_if_they_agree(version: str) -> None:
    assert fault_of([*HOST, (b"accept", b"*/*"), *HOST], version=version) is BAD


@pytest.mark.parametrize("value", [b"chunked", b"Chunked", b"CHUNKED"])
def test_chunks_are_accepted(value: bytes) -> None:
    assert fault_of([*HOST, (b"transfer-encoding", value)], version="1.1") is None


@pytest.mark.parametrize(
    "values", [[b"gzip, chunked"], [b"gzip"], [b"chunked, chunked"], [b"identity"], [b""], [b"gzip", b"chunked"]]
)
def test_any_other_coding_is_not_implemented(values: list[bytes]) -> None:
    codings = [(b"transfer-encoding", value) for value in values]
    assert fault_of([*HOST, *codings], version="1.1") is UNKNOWN


def test_a_coding_beside_a_length_or_in_a_version_without_it_is_refused() -> None:
    coding, length = (b"transfer-encoding", b"chunked"), (b"content-length", b"5")
    assert fault_of([*HOST, coding, length], version="1.1") is BAD
    assert fault_of([*HOST, length, coding], version="1.1") is BAD
    assert fault_of([*HOST, coding], version="1.0") is BAD


def _head(*fields: bytes) -> bytes:
    return b"POST /hello HTTP/1.1\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (_head(), BAD),
        (_head(b"Host: a", b"Host: a"), BAD),
        (_head(b"Host: a b"), BAD),
        (_head(b"Host: a", b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n", UNKNOWN),
        (_head(b"Host: a", b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked") + b"0\r\n\r\n", UNKNOWN),
        (_head(b"Host: a", b"Transfer-Encoding: chunked", b"Content-Length: 5") + b"0\r\n\r\n", BAD),
        (_head(b"Host: a", b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n", BAD),
        (HANDSHAKE.replace(b"Host: a\r\n", b""), BAD),
        (HANDSHAKE.replace(b"Host: a", b"Host: a\r\nHost: b"), BAD),
    ],
)
async def test_such_a_request_never_reaches_the_application(serve: Serve, sent: bytes, status: HTTPStatus) -> None:
    async with serve() as served, served.client() as client:
        await client.send(sent)
        answer = await client.rest()
        assert answer.startswith(f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode())
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"\r\nconnection: close\r\n" in answer
        assert served.seen == []
