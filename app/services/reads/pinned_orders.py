"""Walks that readers are on: the order of ids that a list's first page saw, kept in Redis for every api process.

A walk is kept under the seller and a digest of what it is; the same order is the same walk. Nothing is kept for long,
and losing it costs a reader no more than starting again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError

from app.errors import UnavailableError
from app.event_loop.patience import patience
from app.observability.logging import get_logger
from app.queries.lists.walks import ID_BYTES, read_ids
from app.services.reads.walk_parts import WalkPart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from redis.asyncio import Redis

    from app.queries.lists.walks import Walk
    from app.services.reads.walk_parts import WalkPosition

KEPT_SECONDS = 15 * 60
PATIENCE_SECONDS = 1.0  # a page waits no longer, and a connection to the database waits with it
NAME_BYTES = 12
UNAVAILABLE = "The place of this page could not be read just now; try again with the same cursor."
_NO_ANSWER = (RedisError, OSError)  # of which TimeoutError is one
_log = get_logger(__name__)


class PinnedWalks:
    """One seller's, for one request. A name of another seller's walk is the name of none."""

    def __init__(self, redis: Redis, seller_id: UUID) -> None:
        self._redis = redis
        self._seller_id = seller_id
        self._silent = False  # Redis did not answer; a request waits for it once

    def name(self, walk: Walk) -> str:
        """What a walk is called in cursors."""
        return hashlib.blake2b(walk.ids, digest_size=NAME_BYTES, key=self._seller_id.bytes).hexdigest()

    async def keep(self, walks: Sequence[Walk]) -> None:
        """Keep them from now on. Without Redis they are not kept: their cursors are expired as soon as made."""
        commands = [("SET", self._key(self.name(walk)), walk.ids, "EX", KEPT_SECONDS) for walk in walks]
        try:
            await self._run(commands)
        except UnavailableError:
            _log.warning("page walks could not be stored", walks=len(walks))

    async def read(self, position: WalkPosition, *, size: int, backwards: bool) -> WalkPart | None:
        """The part next to a position, never including it; None for a walk that is not kept, or out of reach.

        Raises UnavailableError when Redis does not answer: the walk may well be kept.
        """
        start = max(0, position.place - size) if backwards else position.place + 1
        stop = position.place if backwards else start + size
        key = self._key(position.name)
        kept, ids = await self._run([("STRLEN", key), ("GETRANGE", key, start * ID_BYTES, max(0, stop * ID_BYTES - 1))])
        length = kept // ID_BYTES
        if position.place >= length:
            return None
        found = read_ids(ids) if stop > start else []
        return WalkPart(found, start, length, name=position.name)

    async def _run(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """In one transaction, so that a walk does not vanish between its length and its part."""
        if self._silent:
            raise UnavailableError(UNAVAILABLE)
        pipeline: Any = self._redis.pipeline(transaction=True)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            async with patience(PATIENCE_SECONDS):
                return await pipeline.execute()
        except _NO_ANSWER as error:
            self._silent = not isinstance(error, ResponseError)
            _log.warning("page walks could not be read", error=type(error).__name__)
            raise UnavailableError(UNAVAILABLE) from error

    def _key(self, name: str) -> str:
        return f"walk:{self._seller_id}:{name}"
