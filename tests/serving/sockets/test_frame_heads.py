"""The heads of frames are read wherever the bytes are cut."""

from __future__ import annotations

import pytest

from app.serving.sockets.frame_heads import FrameHead, FrameHeads
from tests.serving.frames import CLOSE, CONTINUATION, PING, TEXT, frame

SENT = [(TEXT, 0), (TEXT, 125), (PING, 4), (TEXT, 126), (CONTINUATION, 65_535), (CONTINUATION, 65_536), (CLOSE, 2)]
STREAM = b"".join(frame(opcode, bytes(size)) for opcode, size in SENT)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100, 65_536, len(STREAM)])
def test_every_head_is_read_once(step: int) -> None:
    heads = FrameHeads()
    found = [head for start in range(0, len(STREAM), step) for head in heads.read(STREAM[start : start + step])]
    assert found == [FrameHead(opcode, size) for opcode, size in SENT]


def test_a_size_is_known_before_the_payload_is_there() -> None:
    heads = FrameHeads()
    assert list(heads.read(b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff")) == []
    assert list(heads.read(bytes(4))) == [FrameHead(TEXT, 2**63 - 1)]


def test_an_unmasked_head_is_read_too() -> None:
    """Which the parser refuses: it must not read something else there."""
    assert list(FrameHeads().read(b"\x81\x05hello\x89\x00")) == [FrameHead(TEXT, 5), FrameHead(PING, 0)]
