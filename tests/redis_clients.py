"""Clients of Redis that are a test's own."""

from __future__ import annotations

from typing import Any, cast

from redis.asyncio import Redis

SECONDS = 5


def redis_client(url: str, **options: Any) -> Any:
    """To be closed, or used as a context. Untyped, since redis-py leaves the types of its answers open."""
    return cast("Any", Redis).from_url(url, socket_timeout=SECONDS, **options)
