"""Whether Redis does its work, for health checks: it may answer and refuse all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["check_redis", "explain_refusal"]

OK = "ok"
_CAN_NOT_SAVE = "MISCONF"  # https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/


async def check_redis(redis: Redis) -> str:
    """Ok, or why it accepts no writes. Raises RedisError if it is away, or refuses for another reason."""
    client: Any = redis
    try:
        await client.execute_command("PING")
    except ResponseError as error:
        if refusal := explain_refusal(error):
            return refusal
        raise
    return OK


def explain_refusal(error: BaseException) -> str | None:
    """What to look at if Redis refuses because it can't save to its disk; None for any other error."""
    if not isinstance(error, ResponseError) or not str(error).startswith(_CAN_NOT_SAVE):
        return None
    return "Redis accepts no writes because it can't save to its disk (MISCONF): is the disk full?"
