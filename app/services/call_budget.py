"""The calls that may be made for an ad account or page: one budget that all processes share, kept in Redis.

Keyed by provider and the platform's own id, so that several connections of one account share it too; no key or value
holds a secret. Counted by minutes over the last hour. It is a courtesy to the platform and not a lock: without Redis
the calls are made all the same, with one warning.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, cast

from redis.exceptions import RedisError

from app import clock
from app.errors import ProviderThrottledError, ThrottleScope
from app.observability.logging import get_logger
from app.observability.prometheus import BUDGET_USED, PROVIDER_CALLS
from app.services.job_broker import Priority
from app.services.scarce_budgets import ScarceBudgets

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

    from app.providers.contract import CallBudget, UsageReading
    from app.vocabulary import ProviderKind, UseCase

log = get_logger(__name__)

# Pauses before the platform has to ask for one, as connectors take them (airbyte-source-facebook-marketing 6.1.9).
PAUSES = (
    (Decimal(95), timedelta(minutes=10)),
    (Decimal(85), timedelta(minutes=2)),
)
# The part of an hour's calls that work of each urgency may use up: a backfill leaves calls for the ticks, and those
# leave some for people.
SHARES = {Priority.BACKFILL: 0.5, Priority.SCHEDULED: 0.9}
OWN_LIMIT = "META_CALLS_PER_HOUR"
"""Stands in the reason of all that our own limit refuses, and in no other."""
# A share that is used up is asked for again at least so often: the setting may have been raised meanwhile.
LONGEST_OWN_WAIT = timedelta(minutes=10)
# After it failed, Redis is left alone for so long: every call would wait for it in vain.
REST_FROM_REDIS = timedelta(seconds=10)

# Counts calls of a minute, unless there is a pause or the hour has no room for them. Answers {refusal, until when, what
# made the pause}, or {'', calls of the hour, ''}.
# A minute leaves the hour when all of it is an hour old, so no hour of 60 minutes ever holds more than the limit.
_SPEND = """
local now, calls, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local paused_until = tonumber(redis.call('GET', KEYS[2]) or '0')
if paused_until > now then
  return {'PAUSED', tostring(paused_until), redis.call('GET', KEYS[3]) or ''}
end
local minute = math.floor(now / 60)
local counted = redis.call('HGETALL', KEYS[1])
local minutes, by_minute, used = {}, {}, 0
for place = 1, #counted, 2 do
  local old = tonumber(counted[place])
  if old <= minute - 61 then
    redis.call('HDEL', KEYS[1], counted[place])
  else
    by_minute[old] = tonumber(counted[place + 1])
    used = used + by_minute[old]
    table.insert(minutes, old)
  end
end
if limit >= 0 and used > 0 and used + calls > limit then
  table.sort(minutes)
  local until_minute = minute
  for _, old in ipairs(minutes) do
    used = used - by_minute[old]
    until_minute = old + 61
    if used + calls <= limit then break end
  end
  return {'USED_UP', tostring(until_minute * 60), ''}
end
redis.call('HINCRBY', KEYS[1], tostring(minute), calls)
redis.call('EXPIRE', KEYS[1], 3720)
return {'', tostring(used + calls), ''}
"""

# A pause may be made longer, never shorter; what made the longest is kept beside it.
_PAUSE = """
local until_second, seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
if tonumber(redis.call('GET', KEYS[1]) or '0') < until_second then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', seconds)
  redis.call('SET', KEYS[2], ARGV[3], 'EX', seconds)
end
return 0
"""
_NO_LIMIT = -1
# What made a pause. Nothing is known of one that an older process of ours has noted.
_ASKED_FOR, _NEAR_THE_END = "ASKED_FOR", "NEAR_THE_END"
_USED_UP = f"its share of the hour's calls is used up ({OWN_LIMIT})"
_PAUSE_REASONS = {
    _ASKED_FOR: "the platform wants a pause",
    _NEAR_THE_END: "the platform's usage headers say that its quota is nearly used up",
    "": "the platform wants a pause, or its usage headers say that its quota is nearly used up",
}


class Spent(NamedTuple):
    """`refusal` and until when it holds (seconds), `cause` what made the pause; or "" and the calls of the hour."""

    refusal: str
    number: float
    cause: str


class CallBudgets:
    """All budgets of this process, and whether Redis answers it: an outage is told once."""

    def __init__(self, redis: Redis) -> None:
        self._spend = redis.register_script(_SPEND)
        self._pause = redis.register_script(_PAUSE)
        self.scarce = ScarceBudgets(redis)
        self._is_away = False
        self._rests_until = datetime.min.replace(tzinfo=UTC)

    def get_budget(
        self,
        provider: ProviderKind,
        external_id: str,
        *,
        calls_per_hour: int,
        urgency: int = Priority.MANUAL,
        beyond_limit: bool = False,
    ) -> CallBudget:
        """The budget of an ad account or page (its id with or without `act_`), as work of an urgency has it.

        `beyond_limit`: none of its calls is refused for want of calls of the hour.
        """
        share = max(1, int(calls_per_hour * SHARES.get(Priority(urgency), 1.0)))
        account = external_id.removeprefix("act_")
        return _SharedBudget(self, provider, account, calls_per_hour, share, beyond_limit)

    async def spend(self, keys: list[str], arguments: list[str]) -> Spent | None:
        """None where Redis does not answer."""
        answer = await self._ask(self._spend, keys, arguments)
        if answer is None:
            return None
        refusal, number, cause = (part.decode() for part in cast("list[bytes]", answer))
        return Spent(refusal, float(number), cause)

    async def pause(self, keys: list[str], arguments: list[str]) -> None:
        """Remember a pause."""
        await self._ask(self._pause, keys, arguments)

    async def _ask(self, script: AsyncScript, keys: list[str], arguments: list[str]) -> object | None:
        if self._is_away and clock.now() < self._rests_until:
            return None
        try:
            answer = await script(keys=keys, args=arguments)
        except (RedisError, OSError) as error:
            self._note_failure(error)
            return None
        self._is_away = False
        return answer

    def _note_failure(self, error: Exception) -> None:
        if not self._is_away:
            log.warning("calls to platforms are not counted while Redis is away", error=type(error).__name__)
        self._is_away = True
        self._rests_until = clock.now() + REST_FROM_REDIS


class _SharedBudget(NamedTuple):
    """Fulfils `CallBudget` for one account or page."""

    budgets: CallBudgets
    provider: ProviderKind
    external_id: str
    calls_per_hour: int
    share: int
    all_beyond_limit: bool

    async def spend(self, use_case: UseCase, calls: int = 1, *, beyond_limit: bool = False) -> None:
        """More calls at once than an hour has go when nothing else went in that hour."""
        limit = _NO_LIMIT if beyond_limit or self.all_beyond_limit else self.share
        counted = self._key(use_case, "count")
        answer = await self.budgets.spend(
            [counted, *self._pause_keys(use_case)], [_seconds(clock.now()), str(calls), str(limit)]
        )
        if answer is not None:
            refusal, number, _ = answer
            used = self.share / self.calls_per_hour if refusal else number / self.calls_per_hour
            await self.budgets.scarce.note(self.provider, use_case, self.external_id, used=used)
            if refusal:
                PROVIDER_CALLS.labels(self.provider, use_case, refusal).inc(calls)
                raise _refusal(answer, use_case)
            BUDGET_USED.labels(self.provider, use_case).observe(used)
        PROVIDER_CALLS.labels(self.provider, use_case, "MADE").inc(calls)

    async def note_usage(self, use_case: UseCase, usage: UsageReading) -> None:
        """A wait that the platform names is the truth; the pauses of ours are for where it names none."""
        near_the_end = next((pause for percent, pause in PAUSES if usage.percent >= percent), timedelta(0))
        pause = usage.regain_wait or near_the_end
        if not pause:
            return
        until = clock.now() + pause
        lifetime = max(1, ceil(pause.total_seconds()))
        cause = _ASKED_FOR if usage.regain_wait else _NEAR_THE_END
        await self.budgets.pause(self._pause_keys(use_case), [_seconds(until), str(lifetime), cause])
        log.info(
            "the platform's quota is near its end; calls pause",
            provider=self.provider,
            account=self.external_id,
            use_case=use_case,
            percent=str(usage.percent),
            until=until.isoformat(),
        )

    def _pause_keys(self, use_case: UseCase) -> list[str]:
        return [self._key(use_case, "pause"), self._key(use_case, "pause_cause")]

    def _key(self, use_case: UseCase, what: str) -> str:
        """The braces keep an account's keys together in a cluster."""
        return f"pixecom:calls:{{{self.provider}/{self.external_id}}}:{use_case}:{what}"


def _seconds(instant: datetime) -> str:
    return f"{instant.timestamp():.3f}"


def _refusal(spent: Spent, use_case: UseCase) -> ProviderThrottledError:
    """A pause of the platform's holds back all of the use case; our own limit only who asked beyond its share."""
    is_pause = spent.refusal == "PAUSED"
    until = datetime.fromtimestamp(spent.number, UTC)
    reason = _PAUSE_REASONS.get(spent.cause, _PAUSE_REASONS[""]) if is_pause else _USED_UP
    return ProviderThrottledError(
        f"no call is made for {use_case}: {reason}",
        retry_at=until if is_pause else min(until, clock.now() + LONGEST_OWN_WAIT),
        scope=ThrottleScope.USE_CASE if is_pause else ThrottleScope.JOB,
        use_case=use_case,
    )
