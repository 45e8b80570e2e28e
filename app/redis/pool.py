"""The process's connections to Redis: limited, and shared by everything that asks it something.

A caller that finds all of them in use waits for one, in order. Work that comes in crowds may take no more than its
share (`CROWD_PART`), so that logins, health checks and cursors find one free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.asyncio import BlockingConnectionPool, Redis

from app.redis.connections import CANCELLABLE

if TYPE_CHECKING:
    from app.configuration.settings import Settings

__all__ = ["crowd_connections", "open_redis"]

# How long to wait for an answer, for a connection, and for a free one of the pool.
TIMEOUT_SECONDS = 5
CROWD_PART = 0.5


def open_redis(settings: Settings) -> Redis:
    """A client; nothing is connected before it is used. Raises redis-py's ConnectionError where none gets free."""
    pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  # redis-py leaves its options untyped
        settings.redis_url.get_secret_value(),
        max_connections=settings.redis_pool_size,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        driver_info=None,  # it would be read from the installed package's metadata, for every connection
    )
    pool.connection_class = CANCELLABLE[pool.connection_class]
    return Redis.from_pool(pool)


def crowd_connections(settings: Settings) -> int:
    """How many connections may be used at once by what every request asks for."""
    return max(1, int(settings.redis_pool_size * CROWD_PART))
