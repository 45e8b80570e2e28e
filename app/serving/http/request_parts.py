"""Cuts what arrives on a connection at the ends of the parts of requests: heads, chunks, bodies.

A parser that takes one piece after the other parses no more than one part at once. So a request that is pipelined
behind another one stays as it came, and a chunk is known to be too large before any of it is there. The parser alone
decides what is valid: it refuses lines that do not end in CRLF, so both agree on where a part ends.

Each chunk costs as much as a piece of some kilobytes, so a body may not come in many small ones: a megabyte of chunks
of one byte would hold up everything else for seconds. Nor may the lines before them be long, which costs no less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CHUNK_LINE_BYTES",
    "EXTENSION_BYTES",
    "SMALL_BYTES",
    "SMALL_CHUNKS",
    "ChunkLinesTooLongError",
    "ChunkTooLargeError",
    "ChunksTooSmallError",
    "RequestParts",
]

# A body may have SMALL_CHUNKS chunks of any size, and more only if they have SMALL_BYTES bytes on average.
SMALL_CHUNKS = 64
SMALL_BYTES = 256
# The longest line before a chunk, which has its size and extensions that nothing here uses (RFC 9112, 7.1.1).
CHUNK_LINE_BYTES = 256
# What all lines of a body may have beyond that of a plain size.
EXTENSION_BYTES = 8_192
PLAIN_LINE_BYTES = 18

_END_OF_HEAD = b"\r\n\r\n"
_LINE = b"\n"
_CRLF_BYTES = 2
_HEX = 16


class ChunkTooLargeError(Exception):
    """The head of a chunk announces more than a body may have."""


class ChunksTooSmallError(Exception):
    """The body comes in too many small chunks."""


class ChunkLinesTooLongError(Exception):
    """The lines before the chunks have long extensions."""


class RequestParts:
    """One connection's. Says how many of the bytes at hand belong to the current part."""

    def __init__(self, *, most_chunk_bytes: int) -> None:
        self._most_chunk_bytes = most_chunk_bytes
        self.begin_head()

    def begin_head(self) -> None:
        """What follows is the head of a request."""
        self._tail = b""  # the end of what came of a head, which may be split anywhere
        self._left = 0  # bytes of a body or a chunk
        self._line: bytearray | None = None  # the head of a chunk, as far as it has come
        self._chunks = self._chunk_bytes = self._extension_bytes = 0

    def begin_body(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """What follows is the body of the request with these headers, which the parser has accepted."""
        self.begin_head()
        fields = dict(headers)
        if b"transfer-encoding" in fields:
            self._line = bytearray()
        else:
            self._left = int(fields.get(b"content-length", b"0"))

    def cut(self, data: bytearray, most: int) -> bytes:
        """Take the next piece, of at most `most` bytes, off the data.

        Raises ChunkTooLargeError, ChunksTooSmallError and ChunkLinesTooLongError.
        """
        piece = bytes(data[: self._size_in(data, most)])
        del data[: len(piece)]
        self._pass(piece)
        return piece

    def _size_in(self, data: bytearray, most: int) -> int:
        """How many of the first bytes, up to `most`, belong to the part."""
        if self._left:
            return min(self._left, most)
        if self._line is not None:
            return data.find(_LINE, 0, most) + 1 or most
        place = (self._tail + data[:most]).find(_END_OF_HEAD)
        return most if place < 0 else place + len(_END_OF_HEAD) - len(self._tail)

    def _pass(self, piece: bytes) -> None:
        if self._left:
            self._left -= len(piece)
        elif self._line is None:
            self._tail = (self._tail + piece)[1 - len(_END_OF_HEAD) :]
        else:
            self._line += piece
            if len(self._line) > CHUNK_LINE_BYTES:
                raise ChunkLinesTooLongError
            if piece.endswith(_LINE):
                self._begin_chunk(self._line)

    def _begin_chunk(self, line: bytearray) -> None:
        try:
            size = int(line.split(b";")[0], _HEX)
        except ValueError:  # which the parser refuses
            return
        if size > self._most_chunk_bytes:
            raise ChunkTooLargeError
        self._extension_bytes += max(0, len(line) - PLAIN_LINE_BYTES)
        if self._extension_bytes > EXTENSION_BYTES:
            raise ChunkLinesTooLongError
        self._chunks += 1
        self._chunk_bytes += size
        if self._chunks > SMALL_CHUNKS and self._chunk_bytes < self._chunks * SMALL_BYTES:
            raise ChunksTooSmallError
        self._line = bytearray() if size else None
        self._left = size + _CRLF_BYTES if size else 0
        self._tail = b"\r\n"  # after the last chunk come trailers, which end as a head does
