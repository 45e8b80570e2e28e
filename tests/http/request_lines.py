"""The log's line of each request, which is written after its last byte: who has the answer may be ahead of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence


async def request_lines(
    logs: Sequence[MutableMapping[str, Any]], count: int, *, seconds: float = 10
) -> list[MutableMapping[str, Any]]:
    """The lines of requests in what `capture_logs` gave, once there are as many; ask before it ends.

    Raises:
        TimeoutError: There were fewer in that time.
    """
    async with asyncio.timeout(seconds):
        while len(lines := [entry for entry in logs if entry["event"] == "request"]) < count:
            await asyncio.sleep(0.005)
    return lines
