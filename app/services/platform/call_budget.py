"""The calls that may be made for an ad account or page: one budget that all processes share, kept in Redis.

Keyed by provider and the platform's own id, so that several connections of one account share it too; no key or value
holds a secret. Counted by minutes over the last hour; `quota_pauses` has the pauses. It is a courtesy to the platform
and not a lock: without Redis the calls are made all the same, with one warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from redis.exceptions import RedisError

from app import clock
from app.errors import ProviderThrottledError, ThrottleScope
from app.observability.logging import get_logger
from app.observability.prometheus import BUDGET_USED, PROVIDER_CALLS
from app.services.platform import quota_pauses
from app.services.platform.budget_shortage import ScarceBudgets
from app.services.platform.quota_pauses import (
    ASKED_FOR,
    FIRST_GUESS,
    FULL,
    LONGEST_GUESS,
    NEAR_THE_END,
    NEARLY_USED_UP_REASON,
    pause_for,
)
from app.vocabulary import Priority

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

    from app.providers.contract import CallBudget, UsageReading
    from app.services.platform.quota_pauses import QuotaPause
    from app.vocabulary import ProviderKind, UseCase

log = get_logger(__name__)

# The part of an hour's calls that work of each urgency may use up: a backfill leaves calls for the ticks, and those
# leave some for people.
SHARES = {Priority.BACKFILL: 0.5, Priority.SCHEDULED: 0.9}
# In the unit of a job that a change of ours made necessary: its calls may exceed the limit.
AFTER_CHANGE = "after_change"
OWN_LIMIT = "META_CALLS_PER_HOUR"
"""Stands in the reason of all that our own limit refuses, and in no other."""
# The longest wait for a used-up share before it is checked again: the setting may have been raised meanwhile.
LONGEST_OWN_WAIT = timedelta(minutes=10)
# After it failed, Redis is left alone for so long: every call would wait for it in vain.
REST_FROM_REDIS = timedelta(seconds=10)

# Counts calls of a minute, unless a pause or the limit of the hour refuses them. Answers {refusal, until when, what
# made it}, or {'', calls of the hour, 'PROBE' for a probe}.
# A minute leaves the hour when all of it is an hour old, so no hour of 60 minutes ever holds more than the limit.
_BEGIN = """
local now, calls, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local by_person, has_begun = ARGV[4] == '1', ARGV[6] == '1'
"""
_COUNT = """
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
for _, series in ipairs(probed) do
  redis.call('HSET', series, 'probed_until', now + tonumber(ARGV[5]))
end
return {'', tostring(used + calls), #probed > 0 and 'PROBE' or ''}
"""

_NO_LIMIT = -1
_WHOLE_ACCOUNT = "ALL"
_PAUSE_PARTS = ("pause", "pause_cause", "pause_series")
_USED_UP = f"its share of the hour's calls is used up ({OWN_LIMIT})"
_PAUSE_REASONS = {
    ASKED_FOR: "the platform wants a pause",
    FULL: "the platform wants a pause",
    NEAR_THE_END: NEARLY_USED_UP_REASON,
    "": "the platform wants a pause, or its usage headers say that its quota is nearly used up",
}


class Spent(NamedTuple):
    """A `refusal`, until when it holds (seconds) and its `cause`; or "", the calls of the hour, and PROBE or ""."""

    refusal: str
    number: float
    cause: str


@dataclass(slots=True)
class Work:
    """A try of a piece of work that calls. Once it has begun, caution about the quota does not stop it any more."""

    has_begun: bool = False


class CallBudgets:
    """All budgets of this process, and whether Redis answers it: an outage is told once."""

    def __init__(self, redis: Redis) -> None:
        self._spend = redis.register_script(_BEGIN + quota_pauses.GATE + _COUNT)
        self._pause = redis.register_script(quota_pauses.NOTE)
        self._end_series = redis.register_script(quota_pauses.END_SERIES)
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
        work: Work | None = None,
    ) -> CallBudget:
        """The budget of an ad account or page (its id with or without `act_`), as work of an urgency has it.

        `beyond_limit`: none of its calls is refused for want of calls of the hour. `work` is what makes the calls;
        without it each call is one by itself.
        """
        share = max(1, int(calls_per_hour * SHARES.get(Priority(urgency), 1.0)))
        account = external_id.removeprefix("act_")
        return _SharedBudget(self, provider, account, calls_per_hour, share, beyond_limit, Priority(urgency), work)

    async def spend(self, keys: list[str], arguments: list[str]) -> Spent | None:
        """None where Redis does not answer."""
        answer = await self._ask(self._spend, keys, arguments)
        if answer is None:
            return None
        refusal, number, cause = (part.decode() for part in cast("list[bytes]", answer))
        return Spent(refusal, float(number), cause)

    async def pause(self, keys: list[str], arguments: list[str]) -> datetime | None:
        """Remember a pause; answers its end, None where Redis does not answer."""
        answer = await self._ask(self._pause, keys, arguments)
        return None if answer is None else datetime.fromtimestamp(float(cast("bytes", answer)), UTC)

    async def end_series(self, keys: list[str]) -> None:
        """A probe was answered well."""
        await self._ask(self._end_series, keys, [])

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
            log.warning("platform calls are not counted while Redis is unavailable", error=type(error).__name__)
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
    urgency: Priority
    work: Work | None

    async def spend(self, use_case: UseCase, calls: int = 1, *, beyond_limit: bool = False) -> bool:
        """More calls at once than an hour has go when nothing else went in that hour."""
        limit = _NO_LIMIT if beyond_limit or self.all_beyond_limit else self.share
        counted = self._key(use_case, "count")
        by_person = "1" if self.urgency is Priority.MANUAL else ""
        has_begun = "1" if self.work is not None and self.work.has_begun else ""
        answer = await self.budgets.spend(
            [counted, *self._pause_keys(use_case), *self._pause_keys(None)],
            [_now(), str(calls), str(limit), by_person, _length(quota_pauses.PROBE_PATIENCE), has_begun],
        )
        if answer is not None:
            refusal, number, _ = answer
            used = self.share / self.calls_per_hour if refusal else number / self.calls_per_hour
            await self.budgets.scarce.note(self.provider, use_case, self.external_id, used=used)
            if refusal:
                PROVIDER_CALLS.labels(self.provider, use_case, refusal).inc(calls)
                raise _refusal(answer, use_case, self.urgency)
            BUDGET_USED.labels(self.provider, use_case).observe(used)
        if self.work is not None:
            self.work.has_begun = True
        PROVIDER_CALLS.labels(self.provider, use_case, "MADE").inc(calls)
        return answer is not None and answer.cause == quota_pauses.PROBE

    async def note_usage(
        self, use_case: UseCase | None, usage: UsageReading, *, answers_probe: bool = False, of_app: bool = False
    ) -> datetime | None:
        """A wait that the platform names is the truth; the guesses of ours are for where it names none."""
        pause = pause_for(usage)
        keys = self._pause_keys(use_case)
        if answers_probe:
            # Whatever the answer says of its use case, the account as a whole is answered, and with it the app.
            *_, whole = self._pause_keys(None)
            await self.budgets.end_series([whole] if pause else [whole, keys[-1]])
            await self.budgets.end_series(self._app_keys()[-1:])
        if pause is None:
            return None
        until = await self._note_pause_of_app(pause) if of_app else await self._note_pause(keys, pause)
        log.info(
            "the platform's quota is nearly used up; calls paused",
            provider=self.provider,
            account=self.external_id,
            use_case=use_case,
            percent=str(usage.percent),
            until=until.isoformat() if until else None,
        )
        return until

    async def _note_pause(
        self, keys: list[str], pause: QuotaPause, *, first: timedelta = FIRST_GUESS, longest: timedelta = LONGEST_GUESS
    ) -> datetime | None:
        lengths = map(_length, (pause.wait, first, longest, quota_pauses.SERIES_MEMORY))
        return await self.budgets.pause(keys, [_now(), pause.cause, *lengths])

    async def _note_pause_of_app(self, pause: QuotaPause) -> datetime | None:
        """The app's series says for how long every account that is refused pauses, each with a probe of its own."""
        until = await self._note_pause(self._app_keys(), pause)
        if until is None:
            return None
        wait = max(until - clock.now(), timedelta(0))
        return await self._note_pause(self._pause_keys(None), pause, first=wait, longest=wait)

    def _app_keys(self) -> list[str]:
        """As `_pause_keys`, of all accounts."""
        return [f"pixecom:calls:{{{self.provider}}}:{what}" for what in _PAUSE_PARTS]

    def _pause_keys(self, use_case: UseCase | None) -> list[str]:
        """The pause's end, its cause, and the series of guesses that it belongs to; None: of the whole account."""
        return [self._key(use_case or _WHOLE_ACCOUNT, what) for what in _PAUSE_PARTS]

    def _key(self, use_case: str, what: str) -> str:
        """The braces keep an account's keys together in a cluster."""
        return f"pixecom:calls:{{{self.provider}/{self.external_id}}}:{use_case}:{what}"


def _now() -> str:
    return f"{clock.now().timestamp():.3f}"


def _length(duration: timedelta) -> str:
    return f"{duration.total_seconds():.3f}"


def _refusal(spent: Spent, use_case: UseCase, urgency: Priority) -> ProviderThrottledError:
    """A pause that the platform asked for holds back all of the use case; anything else only who asked.

    What waits for our own limit or for a probe asks again before the time that is known now. After a pause of our own
    caution, backfills let all else begin first.
    """
    until = datetime.fromtimestamp(spent.number, UTC)
    match spent.refusal:
        case "PAUSED":
            reason, longest = _PAUSE_REASONS.get(spent.cause, _PAUSE_REASONS[""]), None
        case "PROBED":
            reason, longest = _PAUSE_REASONS.get(spent.cause, _PAUSE_REASONS[""]), quota_pauses.PROBE_RECHECK
        case _:
            reason, longest = _USED_UP, LONGEST_OWN_WAIT
    is_platforms = spent.refusal == "PAUSED" and spent.cause != NEAR_THE_END
    if spent.refusal == "PAUSED" and not is_platforms and urgency is Priority.BACKFILL:
        until += quota_pauses.PROBE_RECHECK
    return ProviderThrottledError(
        f"no call is made for {use_case}: {reason}",
        retry_at=until if longest is None else min(until, clock.now() + longest),
        scope=ThrottleScope.USE_CASE if is_platforms else ThrottleScope.JOB,
        use_case=use_case,
    )
