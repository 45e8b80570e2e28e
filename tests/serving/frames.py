"""WebSocket frames as a client sends them: masked, with a mask that changes nothing."""

from __future__ import annotations

HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
CONTINUATION, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    return head(opcode, len(payload), final=final) + payload


def head(opcode: int, size: int, *, final: bool = True) -> bytes:
    """All but the payload."""
    first = (0x80 if final else 0) | opcode
    if size < 126:
        return bytes([first, 0x80 | size]) + bytes(4)
    if size < 65_536:
        return bytes([first, 0x80 | 126]) + size.to_bytes(2) + bytes(4)
    return bytes([first, 0x80 | 127]) + size.to_bytes(8) + bytes(4)
