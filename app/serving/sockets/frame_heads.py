"""Reads the heads of WebSocket frames (RFC 6455, 5.2) out of the bytes of a connection, and skips their payloads.

This takes a fraction of the time that parsing a frame does, and shows a frame's size before its payload has arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FrameHead", "FrameHeads"]

_SHORTEST = 2
_SIZE_BYTES = {126: 2, 127: 8}
_MASK_BYTES = 4
_FIRST_CONTROL_OPCODE = 8


class FrameHead(NamedTuple):
    """`size` of the payload in bytes. A continuation adds to the message before it."""

    opcode: int
    size: int

    @property
    def is_control(self) -> bool:
        return self.opcode >= _FIRST_CONTROL_OPCODE

    @property
    def is_continuation(self) -> bool:
        return self.opcode == 0


class FrameHeads:
    """Those of one connection, whose bytes are given as they arrive."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._payload_left = 0

    def read(self, data: bytes) -> Iterator[FrameHead]:
        """The heads that are complete with these bytes."""
        place = 0
        while place < len(data):
            if self._payload_left:
                step = min(self._payload_left, len(data) - place)
                self._payload_left -= step
                place += step
                continue
            missing = self._size_of_head() - len(self._head)
            self._head += data[place : place + missing]
            place += missing
            if len(self._head) == self._size_of_head():
                yield self._take_head()

    def _size_of_head(self) -> int:
        if len(self._head) < _SHORTEST:
            return _SHORTEST
        second = self._head[1]
        return _SHORTEST + _SIZE_BYTES.get(second & 0x7F, 0) + (_MASK_BYTES if second & 0x80 else 0)

    def _take_head(self) -> FrameHead:
        short = self._head[1] & 0x7F
        extended = self._head[_SHORTEST : _SHORTEST + _SIZE_BYTES.get(short, 0)]
        head = FrameHead(self._head[0] & 0x0F, int.from_bytes(extended) if extended else short)
        self._head.clear()
        self._payload_left = head.size
        return head
