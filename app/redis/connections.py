"""Connections to Redis that are never deaf to a cancellation.

Before Python 3.12, asyncio.wait_for returns normally if it is cancelled when its work has just been done
(https://github.com/python/cpython/issues/86296), and redis-py sends every command through it. A subscription or a job
that was cancelled in that moment would run on, and the code that cancelled it would wait for ever.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from redis.asyncio import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CANCELLABLE"]


class _Cancellable(AbstractConnection):
    async def send_packed_command(
        self,
        command: bytes | str | Iterable[bytes],
        check_health: bool = True,  # noqa: FBT001, FBT002 - redis-py's
    ) -> None:
        """Raise CancelledError if the task was cancelled while the command was sent. Its answer will not be read."""
        before = _cancellations()
        await super().send_packed_command(command, check_health)
        if _cancellations() > before:
            await self.disconnect(nowait=True)
            raise asyncio.CancelledError


class _CancellableConnection(_Cancellable, Connection):
    pass


class _CancellableSSLConnection(_Cancellable, SSLConnection):
    pass


class _CancellableUnixConnection(_Cancellable, UnixDomainSocketConnection):
    pass


CANCELLABLE: Mapping[type[AbstractConnection], type[AbstractConnection]] = {
    Connection: _CancellableConnection,
    SSLConnection: _CancellableSSLConnection,
    UnixDomainSocketConnection: _CancellableUnixConnection,
}
"""By redis-py's own class."""


def _cancellations() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task else 0
