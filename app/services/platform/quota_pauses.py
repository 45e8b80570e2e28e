"""Pauses of calls for an account or its one use case, kept in Redis: how long they last, and what ends them.

A wait that the platform names is the pause. Where it names none, the pause is a guess of ours: 1 minute, then 2, 4 and
so on up to 10. After a guessed pause a single call, the probe, asks the platform; everything else waits for its
answer. A probe that is answered below the thresholds ends the series, any other answer begins the next, longer pause.
A throttle of the whole app has one series for all accounts, and each account that it has met a probe.

Caution alone never costs work its place: it holds back the start of work, and what has begun goes on to its end. A
quota that is merely nearly used up (NEAR_THE_END) holds back background work, and not what a person asked for: the rest
of the quota is theirs. One that is full until a named time, though calls are still answered (FULL), holds back the
start of anything. A throttle (ASKED_FOR), by which the platform refused a call, holds everything back.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.providers.contract import UsageReading

FIRST_GUESS = timedelta(minutes=1)
LONGEST_GUESS = timedelta(minutes=10)
# Percentages from which calls pause before the platform has to ask. The lower one slows down, for a minute each time.
NEARLY_USED_UP = Decimal(95)
SLOWED_DOWN = Decimal(85)
# How long the answer to a probe is waited for before another call may be the probe, and how soon others ask about it.
PROBE_PATIENCE = timedelta(minutes=1)
PROBE_RECHECK = timedelta(seconds=5)
# How long after a guessed pause the next one still counts as its continuation.
SERIES_MEMORY = timedelta(hours=1)

# What made a pause. Nothing is known about one that an older process of ours noted.
ASKED_FOR, FULL, NEAR_THE_END = "ASKED_FOR", "FULL", "NEAR_THE_END"
PROBE = "PROBE"
"""What the gate answers for the call that is one."""
NEARLY_USED_UP_REASON = "the platform's usage headers say that its quota is nearly used up"
"""The reason of all that such a pause holds back, and of nothing else."""


class QuotaPause(NamedTuple):
    """A pause to be noted. `wait` zero: the platform names none, so it is guessed."""

    cause: str
    wait: timedelta


def pause_for(usage: UsageReading) -> QuotaPause | None:
    """The pause that an answer calls for; None where calls may go on."""
    if usage.is_refusal:
        return QuotaPause(ASKED_FOR, usage.regain_wait)
    if usage.regain_wait:
        return QuotaPause(FULL, usage.regain_wait)
    if usage.percent >= NEARLY_USED_UP:
        return QuotaPause(NEAR_THE_END, min(usage.reset_wait, LONGEST_GUESS))
    if usage.percent >= SLOWED_DOWN:
        return QuotaPause(NEAR_THE_END, min(usage.reset_wait or FIRST_GUESS, FIRST_GUESS))
    return None


# The beginning of a script that spends calls. Keys 2 to 4 are the end, the cause and the series of the use case's
# pause, keys 5 to 7 those of the whole account's; `now` is the time, `by_person` whether a person asked, `has_begun`
# whether the work has made a call before. Returns a refusal, or leaves the series that the call is a probe of in
# `probed`.
GATE = """
local function holds(cause)
  if cause == 'NEAR_THE_END' then return not (by_person or has_begun) end
  return cause ~= 'FULL' or not has_begun
end
local probed = {}
for first = 5, 2, -3 do
  local paused_until = tonumber(redis.call('GET', KEYS[first]) or '0')
  local cause = redis.call('GET', KEYS[first + 1]) or ''
  if paused_until > now and holds(cause) then
    return {'PAUSED', tostring(paused_until), cause}
  end
  local series = redis.call('HMGET', KEYS[first + 2], 'cause', 'probed_until')
  if series[1] and holds(series[1]) then
    local probed_until = tonumber(series[2] or '0')
    if probed_until > now then
      return {'PROBED', tostring(probed_until), series[1]}
    end
    table.insert(probed, KEYS[first + 2])
  end
end
"""

# Notes a pause; answers its end. In force, a guess is replaced by a named wait, and a quota near its end by anything
# that the platform says; of two named waits the later end counts, and what a refusal made stays one. Keys: end, cause,
# series.
NOTE = """
local now, cause, named = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local first, longest, memory = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local old_until = tonumber(redis.call('GET', KEYS[1]) or '0')
local old_cause = redis.call('GET', KEYS[2]) or ''
local in_force = old_until > now
local step = tonumber(redis.call('HGET', KEYS[3], 'step') or '0')
local was_guessed = step > 0
if in_force then
  if cause == 'NEAR_THE_END' and old_cause ~= cause then return tostring(old_until) end
  if cause == 'FULL' and old_cause == 'ASKED_FOR' then cause = old_cause end
  local said_before = old_cause == cause or (old_cause == 'FULL' and cause == 'ASKED_FOR')
  if said_before and (named == 0 or (not was_guessed and old_until >= now + named)) then
    redis.call('SET', KEYS[2], cause, 'KEEPTTL')
    return tostring(old_until)
  end
end
local wait = named
if named > 0 then
  redis.call('DEL', KEYS[3])
else
  if not (in_force and was_guessed) then step = step + 1 end
  wait = math.min(first * 2 ^ (step - 1), longest)
  redis.call('HSET', KEYS[3], 'step', step, 'cause', cause)
  redis.call('HDEL', KEYS[3], 'probed_until')
  redis.call('EXPIRE', KEYS[3], math.ceil(wait + memory))
end
local seconds = math.max(1, math.ceil(wait))
redis.call('SET', KEYS[1], string.format('%.3f', now + wait), 'EX', seconds)
redis.call('SET', KEYS[2], cause, 'EX', seconds)
return string.format('%.3f', now + wait)
"""

# The probe was answered.
END_SERIES = """
return redis.call('DEL', unpack(KEYS))
"""
