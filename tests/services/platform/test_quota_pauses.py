"""Pauses whose length nobody names: guesses that grow, one probe after each, and what ends the series."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.errors import ProviderThrottledError, ThrottleScope
from app.providers.contract import UsageReading
from app.services.platform.call_budget import CallBudgets, Work
from app.vocabulary import Priority, ProviderKind, UseCase

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.providers.contract import CallBudget

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
INSIGHTS, MANAGEMENT = UseCase.ADS_INSIGHTS, UseCase.ADS_MANAGEMENT
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
REFUSED = UsageReading(percent=Decimal(100), regain_wait=timedelta(0), is_refusal=True)


def reading(percent: str, regain: timedelta = timedelta(0), reset: timedelta = timedelta(0)) -> UsageReading:
    return UsageReading(percent=Decimal(percent), regain_wait=regain, reset_wait=reset)


def budget_of(redis: Redis, urgency: Priority = Priority.SCHEDULED, *, work: Work | None = None) -> CallBudget:
    return CallBudgets(redis).get_budget(ProviderKind.META, "1", calls_per_hour=100, urgency=urgency, work=work)


async def spend_at(budget: CallBudget, instant: datetime, *, beyond_limit: bool = False) -> bool:
    """Whether the call is a probe."""
    with clock.frozen(instant):
        return await budget.spend(INSIGHTS, beyond_limit=beyond_limit)


async def refused_at(budget: CallBudget, instant: datetime, *, beyond_limit: bool = False) -> tuple[datetime, str]:
    """When a refused call may be tried again, and how far the refusal reaches."""
    with pytest.raises(ProviderThrottledError) as raised:
        await spend_at(budget, instant, beyond_limit=beyond_limit)
    return raised.value.retry_at, raised.value.scope.name


async def note_at(
    budget: CallBudget, instant: datetime, said: UsageReading, *, answers_probe: bool = False
) -> datetime | None:
    with clock.frozen(instant):
        return await budget.note_usage(INSIGHTS, said, answers_probe=answers_probe)


@pytest.mark.parametrize(("said", "scope"), [(REFUSED, "USE_CASE"), (reading("96"), "JOB")])
async def test_guessed_pauses_double_up_to_ten_minutes_with_one_probe_after_each(
    redis: Redis, other_process: Redis, said: UsageReading, scope: str
) -> None:
    budget, other = budget_of(redis), budget_of(other_process)
    now, lengths = NOON, list[float]()
    await note_at(budget, now, said)
    for _ in range(6):
        until, reach = await refused_at(other, now)
        assert reach == scope
        lengths.append((until - now) / MINUTE)
        now = until
        assert await spend_at(budget, now) is True
        assert await refused_at(other, now) == (now + 5 * SECOND, "JOB")
        await note_at(budget, now, said)

    assert lengths == [1, 2, 4, 8, 10, 10]


async def test_a_probe_that_is_answered_lets_all_go_and_begins_anew(redis: Redis, other_process: Redis) -> None:
    budget, other = budget_of(redis), budget_of(other_process)
    await note_at(budget, NOON, REFUSED)
    assert await spend_at(budget, NOON + MINUTE) is True
    await note_at(budget, NOON + MINUTE, REFUSED)
    assert await spend_at(other, NOON + 3 * MINUTE) is True
    await note_at(other, NOON + 3 * MINUTE, reading("20"), answers_probe=True)

    assert [await spend_at(each, NOON + 3 * MINUTE) for each in (budget, other)] == [False, False]
    await note_at(budget, NOON + 4 * MINUTE, REFUSED)
    assert (await refused_at(other, NOON + 4 * MINUTE))[0] == NOON + 5 * MINUTE


async def test_of_many_at_once_one_is_the_probe(redis: Redis, other_process: Redis) -> None:
    budgets = [budget_of(redis), budget_of(other_process)]
    await note_at(budgets[0], NOON, REFUSED)
    with clock.frozen(NOON + MINUTE):
        results = await asyncio.gather(
            *(budgets[number % 2].spend(INSIGHTS) for number in range(12)), return_exceptions=True
        )

    assert results.count(True) == 1
    assert sum(isinstance(each, ProviderThrottledError) for each in results) == 11


async def test_a_probe_that_is_never_answered_is_followed_by_another(redis: Redis) -> None:
    budget = budget_of(redis)
    await note_at(budget, NOON, REFUSED)
    assert await spend_at(budget, NOON + MINUTE) is True

    assert await refused_at(budget, NOON + 2 * MINUTE - SECOND) == (NOON + 2 * MINUTE, "JOB")
    assert await spend_at(budget, NOON + 2 * MINUTE) is True


async def test_answers_that_were_on_their_way_make_no_pause_longer(redis: Redis) -> None:
    budget = budget_of(redis)
    for said in (REFUSED, reading("97"), REFUSED):
        assert await note_at(budget, NOON, said) == NOON + MINUTE


async def test_a_probe_that_is_throttled_is_one_step_though_its_headers_say_so_too(redis: Redis) -> None:
    budget = budget_of(redis)
    await note_at(budget, NOON, REFUSED)
    await spend_at(budget, NOON + MINUTE)
    await note_at(budget, NOON + MINUTE, reading("100"))

    assert await note_at(budget, NOON + MINUTE, REFUSED) == NOON + 3 * MINUTE


@pytest.mark.parametrize("guess", [REFUSED, reading("96")])
async def test_a_time_that_the_platform_names_takes_the_place_of_a_guess(redis: Redis, guess: UsageReading) -> None:
    budget = budget_of(redis)
    await note_at(budget, NOON, guess)
    await note_at(budget, NOON, reading("100", regain=7 * SECOND))

    assert await refused_at(budget, NOON) == (NOON + 7 * SECOND, "USE_CASE")
    assert await spend_at(budget, NOON + 7 * SECOND) is False


async def test_near_the_end_the_time_to_the_reset_is_the_pause_and_people_go_on(redis: Redis) -> None:
    budget, person = budget_of(redis), budget_of(redis, Priority.MANUAL)
    await note_at(budget, NOON, reading("96", reset=9 * SECOND))

    assert await refused_at(budget, NOON, beyond_limit=True) == (NOON + 9 * SECOND, ThrottleScope.JOB.name)
    assert await spend_at(person, NOON, beyond_limit=True) is False
    assert await spend_at(person, NOON) is False
    assert await spend_at(budget, NOON + 9 * SECOND) is False


@pytest.mark.parametrize("said", [reading("88"), reading("97"), reading("97", reset=9 * SECOND)])
async def test_caution_stops_no_work_that_has_begun(redis: Redis, other_process: Redis, said: UsageReading) -> None:
    budget, other = budget_of(redis, work=Work()), budget_of(other_process, work=Work())
    for call in range(20):
        await spend_at(budget, NOON + call * SECOND)
        await note_at(budget, NOON + call * SECOND, said)

    assert (await refused_at(other, NOON + 19 * SECOND))[1] == "JOB"


async def test_no_work_begins_before_the_named_end_of_a_full_quota_and_what_has_begun_ends(redis: Redis) -> None:
    budget, person = budget_of(redis, work=Work()), budget_of(redis, Priority.MANUAL)
    await spend_at(budget, NOON)
    await note_at(budget, NOON, reading("100", regain=7 * MINUTE))

    assert await spend_at(budget, NOON) is False
    for each in (person, budget_of(redis, work=Work())):
        assert await refused_at(each, NOON, beyond_limit=True) == (NOON + 7 * MINUTE, "USE_CASE")
        assert await spend_at(each, NOON + 7 * MINUTE) is False


@pytest.mark.parametrize("said", [reading("88"), reading("97"), reading("100", regain=7 * MINUTE)])
async def test_a_throttle_stops_at_once_what_caution_let_go_on(redis: Redis, said: UsageReading) -> None:
    budget = budget_of(redis, work=Work())
    await spend_at(budget, NOON)
    await note_at(budget, NOON, said)
    assert await spend_at(budget, NOON) is False
    await note_at(budget, NOON, REFUSED)
    await note_at(budget, NOON, said)

    assert (await refused_at(budget, NOON))[1] == "USE_CASE"


async def test_after_caution_backfills_let_all_else_begin_first(redis: Redis) -> None:
    await note_at(budget_of(redis), NOON, reading("88"))

    assert await refused_at(budget_of(redis, Priority.FRESH), NOON) == (NOON + MINUTE, "JOB")
    assert await refused_at(budget_of(redis, Priority.BACKFILL), NOON) == (NOON + MINUTE + 5 * SECOND, "JOB")


async def test_a_reset_that_is_far_away_is_looked_at_again_within_ten_minutes(redis: Redis) -> None:
    assert await note_at(budget_of(redis), NOON, reading("96", reset=60 * MINUTE)) == NOON + 10 * MINUTE


async def test_a_person_is_stopped_by_a_throttle_and_waits_for_its_probe(redis: Redis) -> None:
    budget, person = budget_of(redis), budget_of(redis, Priority.MANUAL)
    await note_at(budget, NOON, reading("96"))
    await note_at(budget, NOON, REFUSED)

    assert await refused_at(person, NOON, beyond_limit=True) == (NOON + MINUTE, "USE_CASE")
    assert await spend_at(budget, NOON + MINUTE) is True
    assert await refused_at(person, NOON + MINUTE, beyond_limit=True) == (NOON + MINUTE + 5 * SECOND, "JOB")


async def test_below_the_higher_threshold_calls_slow_down_without_a_series(redis: Redis) -> None:
    budget = budget_of(redis)
    for minute in range(3):
        now = NOON + minute * MINUTE
        await note_at(budget, now, reading("86"))
        assert await refused_at(budget, now) == (now + MINUTE, "JOB")
        assert await spend_at(budget, now + MINUTE) is False


async def test_a_throttle_of_the_whole_account_has_one_probe_for_all_use_cases(redis: Redis) -> None:
    budget = budget_of(redis)
    with clock.frozen(NOON):
        await budget.note_usage(None, REFUSED)
        for use_case in UseCase:
            with pytest.raises(ProviderThrottledError):
                await budget.spend(use_case)
    with clock.frozen(NOON + MINUTE):
        assert await budget.spend(MANAGEMENT) is True
        assert await refused_at(budget, NOON + MINUTE) == (NOON + MINUTE + 5 * SECOND, "JOB")
        await budget.note_usage(MANAGEMENT, reading("96"), answers_probe=True)

    assert await spend_at(budget, NOON + MINUTE) is False
    with clock.frozen(NOON + MINUTE), pytest.raises(ProviderThrottledError):
        await budget.spend(MANAGEMENT)
