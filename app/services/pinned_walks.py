"""Walks that readers are on: the order of ids that a list's first page saw, kept in Redis for every api process.

A walk is kept under the seller and a digest of what it is; the same order is the same walk. Nothing is kept for long,
and losing it costs a reader no more than starting again.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from redis.exceptions import RedisError

from app.observability.logging import get_logger
from app.queries.walks import ID_BYTES, Walk, read_ids

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from redis.asyncio import Redis

KEPT_SECONDS = 15 * 60
PATIENCE_SECONDS = 1.0  # a page waits no longer, and a connection to the database waits with it
NAME_BYTES = 12
UNNAMED = "0"  # of a walk that fits one page and is not kept
_NO_ANSWER = (RedisError, OSError)  # of which TimeoutError is one
_log = get_logger(__name__)


class WalkPosition(NamedTuple):
    """A place in a walk; what a cursor of a pinned order holds."""

    name: str
    place: int


class WalkPart(NamedTuple):
    """Some ids of a walk, the place of the first, and how long the walk is; `walk` is None once it is pinned."""

    name: str
    ids: list[UUID]
    start: int
    length: int
    walk: Walk | None = None


def first_part(walk: Walk, *, size: int, backwards: bool) -> WalkPart:
    """The first part of a walk that nobody is on yet; the last one, when it goes backwards."""
    length = len(walk)
    start = max(0, length - size) if backwards else 0
    ids = read_ids(walk.ids[start * ID_BYTES : (start + size) * ID_BYTES])
    return WalkPart(UNNAMED, ids, start, length, walk)


class PinnedWalks:
    """One seller's. A name of another seller's walk is the name of none."""

    def __init__(self, redis: Redis, seller_id: UUID) -> None:
        self._redis = redis
        self._seller_id = seller_id

    def name(self, walk: Walk) -> str:
        """What a walk is called in cursors."""
        return hashlib.blake2b(walk.ids, digest_size=NAME_BYTES, key=self._seller_id.bytes).hexdigest()

    async def keep(self, walks: Sequence[Walk]) -> None:
        """Keep them from now on. Without Redis they are not kept: their cursors are expired as soon as made."""
        commands = [("SET", self._key(self.name(walk)), walk.ids, "EX", KEPT_SECONDS) for walk in walks]
        try:
            await self._run(commands)
        except _NO_ANSWER as error:
            _log.warning("page walks were not kept", walks=len(walks), error=type(error).__name__)

    async def read(self, position: WalkPosition, *, size: int, backwards: bool) -> WalkPart | None:
        """The part next to a position, never including it; None for a walk that is not kept, or out of reach."""
        start = max(0, position.place - size) if backwards else position.place + 1
        stop = position.place if backwards else start + size
        key = self._key(position.name)
        commands = [("STRLEN", key), ("GETRANGE", key, start * ID_BYTES, max(0, stop * ID_BYTES - 1))]
        try:
            kept, ids = await self._run(commands)
        except _NO_ANSWER as error:
            _log.warning("a page walk could not be read", error=type(error).__name__)
            return None
        length = kept // ID_BYTES
        if position.place >= length:
            return None
        found = read_ids(ids) if stop > start else []
        return WalkPart(position.name, found, start, length)

    async def _run(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """In one transaction, so that a walk does not vanish between its length and its part."""
        pipeline: Any = self._redis.pipeline(transaction=True)
        for command in commands:
            pipeline.execute_command(*command)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await pipeline.execute()

    def _key(self, name: str) -> str:
        return f"walk:{self._seller_id}:{name}"
