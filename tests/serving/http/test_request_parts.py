"""Where requests are cut: at the ends of their heads, chunks and bodies, however they arrive."""

from __future__ import annotations

from contextlib import suppress

import pytest

from app.serving.http.request_parts import (
    CHUNK_LINE_BYTES,
    EXTENSION_BYTES,
    PLAIN_LINE_BYTES,
    SMALL_BYTES,
    SMALL_CHUNKS,
    ChunkLinesTooLongError,
    ChunksTooSmallError,
    ChunkTooLargeError,
    RequestParts,
)

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = [(b"host", b"a"), (b"transfer-encoding", b"chunked")]
MOST = 100


def _cut(parts: RequestParts, stream: bytes, step: int, *, most: int = 8_192) -> list[bytes]:
    """The pieces of a stream that arrives in steps."""
    pieces: list[bytes] = []
    for start in range(0, len(stream), step):
        data = bytearray(stream[start : start + step])
        while data:
            pieces.append(parts.cut(data, most))
    return pieces


def _ends(pieces: list[bytes]) -> list[int]:
    places, sent = list[int](), 0
    for piece in pieces:
        sent += len(piece)
        places.append(sent)
    return places


@pytest.mark.parametrize("step", range(1, len(HEAD) + 10))
def test_a_head_ends_a_piece_wherever_it_is_split(step: int) -> None:
    pieces = _cut(RequestParts(most_chunk_bytes=MOST), HEAD + b"x" * 8, step)
    assert b"".join(pieces) == HEAD + b"x" * 8
    assert len(HEAD) in _ends(pieces)


def test_a_body_ends_a_piece() -> None:
    parts = RequestParts(most_chunk_bytes=MOST)
    parts.begin_body([(b"content-length", b"10")])
    assert _cut(parts, b"0123456789", 100, most=4) == [b"0123", b"4567", b"89"]
    parts.begin_head()
    data = bytearray(HEAD * 2)
    assert (parts.cut(data, 8_192), bytes(data)) == (HEAD, HEAD)


@pytest.mark.parametrize("step", range(1, 60))
def test_chunks_and_trailers_end_pieces_wherever_they_are_split(step: int) -> None:
    parts = RequestParts(most_chunk_bytes=MOST)
    parts.begin_body(CHUNKED)
    body = [b"5;name=value\r\n", b"a\r\n\r\n\r\n", b"64\r\n", b"\n" * 100 + b"\r\n", b"0\r\n", b"X: a\r\n\r\n"]
    pieces = _cut(parts, b"".join(body) + HEAD, step)
    assert b"".join(pieces) == b"".join(body) + HEAD
    assert set(_ends(body)) <= set(_ends(pieces))


def test_a_chunked_body_without_trailers_ends_a_piece() -> None:
    parts = RequestParts(most_chunk_bytes=MOST)
    parts.begin_body(CHUNKED)
    assert _cut(parts, b"1\r\na\r\n0\r\n\r\n" + HEAD, 1_000) == [b"1\r\n", b"a\r\n", b"0\r\n", b"\r\n", HEAD]


@pytest.mark.parametrize("size", [b"65", b"0000000000000065", b"ffffffffffffffff", b"65;a=b"])
def test_a_chunk_over_the_limit_is_known_by_its_head(size: bytes) -> None:
    parts = RequestParts(most_chunk_bytes=MOST)
    parts.begin_body(CHUNKED)
    with pytest.raises(ChunkTooLargeError):
        parts.cut(bytearray(size + b"\r\n"), 8_192)


@pytest.mark.parametrize(("size", "most"), [(1, SMALL_CHUNKS), (SMALL_BYTES - 1, SMALL_CHUNKS), (SMALL_BYTES, 1_000)])
def test_many_small_chunks_are_too_many(size: int, most: int) -> None:
    parts = RequestParts(most_chunk_bytes=SMALL_BYTES)
    parts.begin_body(CHUNKED)
    chunk = f"{size:x}\r\n".encode() + b"a" * size + b"\r\n"
    data = bytearray(chunk * 1_000)
    with suppress(ChunksTooSmallError):
        while data:
            parts.cut(data, 8_192)
    assert 1_000 - len(data) // len(chunk) in {most, most + 1}


def test_large_chunks_pay_for_small_ones() -> None:
    parts = RequestParts(most_chunk_bytes=1_000_000)
    parts.begin_body(CHUNKED)
    large = SMALL_BYTES * 100
    data = bytearray(f"{large:x}\r\n".encode() + b"a" * large + b"\r\n" + b"1\r\na\r\n" * 90)
    while data:
        parts.cut(data, 8_192)


def _pieces_before_refusal(parts: RequestParts, stream: bytes, most: int) -> list[bytes]:
    """The pieces of a body before a line that is too long."""
    data, pieces = bytearray(stream), list[bytes]()
    with suppress(ChunkLinesTooLongError):
        while data:
            pieces.append(parts.cut(data, most))
    return pieces


@pytest.mark.parametrize("step", [1, 7, 8_192])
@pytest.mark.parametrize("start", [b"5;", b"0;", b"0" * 100, b""])
def test_a_long_line_before_a_chunk_is_refused_before_its_end(start: bytes, step: int) -> None:
    parts = RequestParts(most_chunk_bytes=MOST)
    parts.begin_body(CHUNKED)
    pieces = _pieces_before_refusal(parts, start + b"e" * 100_000, step)
    assert len(pieces) == CHUNK_LINE_BYTES // step


def test_extensions_are_counted_together() -> None:
    parts = RequestParts(most_chunk_bytes=1_000)
    parts.begin_body(CHUNKED)
    line = b"3e8;" + b"e" * (CHUNK_LINE_BYTES - 6) + b"\r\n"
    pieces = _pieces_before_refusal(parts, (line + bytes(1_000) + b"\r\n") * 100, 8_192)
    assert pieces.count(line) == EXTENSION_BYTES // (CHUNK_LINE_BYTES - PLAIN_LINE_BYTES)


def test_what_is_no_size_is_left_to_the_parser() -> None:
    parts = RequestParts(most_chunk_bytes=MOST)
    parts.begin_body(CHUNKED)
    assert parts.cut(bytearray(b"nonsense\r\nmore"), 8_192) == b"nonsense\r\n"
