"""Counts tries in Redis for all processes together, by Redis' clock and the rules of `try_rules`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.services.limits.try_rules import TryRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from app.services.limits.try_rules import Subject, TryRules

__all__ = ["RedisTries"]

# KEYS: the subjects. ARGV: window, first pause, longest pause, then each subject's limit.
# Returns {seconds of pause left, whether this is the first refusal in it}, or {"0", 0} if the try is allowed.
_TAKE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local window, pause, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local left, is_first = 0, 0
for _, key in ipairs(KEYS) do
  local own = tonumber(redis.call('HGET', key, 'paused_until') or '0') - now
  if own > 0 then
    is_first = math.max(is_first, redis.call('HSETNX', key, 'refused', 1))
    left = math.max(left, own)
  end
end
if left > 0 then
  return {tostring(left), is_first}
end
for place, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[3 + place])
  local tries = tonumber(redis.call('HGET', key, 'tries') or '0')
  local began = tonumber(redis.call('HGET', key, 'began') or tostring(now))
  if tries < limit and now - began >= window then
    tries, began = 0, now
  end
  tries = tries + 1
  local own = 0
  if math.floor(tries) >= limit then
    own = math.min(longest, pause * 2 ^ math.min(math.floor(tries) - limit, 20))
  end
  redis.call('HSET', key, 'tries', tostring(tries), 'began', string.format('%.6f', began),
    'paused_until', string.format('%.6f', own > 0 and now + own or 0))
  redis.call('HDEL', key, 'refused')
  redis.call('PEXPIRE', key, math.ceil((own + window) * 1000))
end
return {'0', 0}
"""

# KEYS: the subjects. ARGV: the part of a try to give back, then each subject's limit.
_GIVE_BACK = """
for place, key in ipairs(KEYS) do
  local tries = tonumber(redis.call('HGET', key, 'tries') or '0')
  if tries > 0 then
    tries = math.max(0, tries - tonumber(ARGV[1]))
    redis.call('HSET', key, 'tries', tostring(tries))
    if math.floor(tries) < tonumber(ARGV[1 + place]) then
      redis.call('HDEL', key, 'paused_until')
    end
  end
end
return 0
"""


class RedisTries:
    """A TryStore; raises what redis-py raises."""

    def __init__(self, redis: Redis, rules: TryRules) -> None:
        self._rules = rules
        self._take = redis.register_script(_TAKE)
        self._give_back = redis.register_script(_GIVE_BACK)

    async def take(self, subjects: Sequence[Subject]) -> TryRefused | None:
        rules = self._rules
        answer = await self._take(
            keys=[subject.key for subject in subjects],
            args=[rules.window, rules.pause, rules.longest_pause, *(subject.tries for subject in subjects)],
        )
        left, is_first = cast("tuple[bytes, int]", answer)
        return TryRefused(float(left), bool(is_first)) if float(left) > 0 else None

    async def give_back(self, subjects: Sequence[Subject], part: float) -> None:
        await self._give_back(
            keys=[subject.key for subject in subjects], args=[part, *(subject.tries for subject in subjects)]
        )
