"""What we use of asyncpg's connection, typed: asyncpg ships no types of its own.

Placeholders are `$1`, `$2`, …; arrays are lists. A Record is read by column name or position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence


class Record(Protocol):
    """One row."""

    def __getitem__(self, key: str | int) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...


class Cursor(Protocol):
    """What a statement found, kept by the server until it is fetched or the transaction ends."""

    async def fetch(self, n: int) -> Sequence[Record]:
        """The next rows, at most `n`; fewer only at the end."""
        ...


class AbruptConnection(asyncpg.Connection):
    """Closes without waiting for an answer: a server that has stopped gives none, and the pool would wait for it."""

    transaction_settings: tuple[str, ...] = ()  # what the session has already

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  # as asyncpg calls it
        del timeout
        self.terminate()


class Driver(Protocol):
    """An asyncpg connection."""

    @property
    def transaction_settings(self) -> tuple[str, ...]:
        """Statements that begin each transaction where a session keeps nothing (`app.database.connecting`)."""
        ...

    async def execute(self, query: str, *arguments: object, timeout: float | None = None) -> str:  # noqa: ASYNC109  # likewise
        """Raises TimeoutError after `timeout` seconds, which include waiting for a cancelled statement to end."""
        ...

    async def fetch(self, query: str, *arguments: object) -> Sequence[Record]: ...

    async def fetchrow(self, query: str, *arguments: object) -> Record | None: ...

    async def fetchval(self, query: str, *arguments: object) -> Any: ...

    def cursor(self, query: str, *arguments: object) -> Awaitable[Cursor]:
        """Within a transaction only; other statements may run between its fetches."""
        ...

    def is_closed(self) -> bool:
        """Whether this end knows that the connection is over; nothing is sent to find out."""
        ...
