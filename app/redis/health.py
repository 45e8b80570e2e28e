"""Whether Redis does its work, for health checks and the doctor: it may answer and accept no writes all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["OK", "check_redis"]

OK = "ok"
_KEY, _KEPT_SECONDS = "pixecom:health", 60
_CAN_NOT_SAVE = "MISCONF"  # https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/


async def check_redis(redis: Redis) -> str:
    """Ok if it accepts a write, or why it does not. Raises RedisError if it is away, or refuses for another reason."""
    client: Any = redis
    try:
        await client.set(_KEY, 1, ex=_KEPT_SECONDS)
    except ResponseError as error:
        if refusal := _refusal_of(error):
            return refusal
        raise
    return OK


def _refusal_of(error: ResponseError) -> str | None:
    """Why Redis accepts no writes, and what to do; None for any other error."""
    if isinstance(error, OutOfMemoryError):
        return "Redis accepts no writes because its memory is used up (OOM): raise its maxmemory."
    if isinstance(error, ReadOnlyError):
        return "Redis accepts no writes because it is a replica (READONLY): connect to the primary."
    if str(error).startswith(_CAN_NOT_SAVE):
        return "Redis accepts no writes because it can't save to its disk (MISCONF): is the disk full?"
    return None
