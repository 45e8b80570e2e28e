"""The budget of an account's calls on a real Valkey: two processes are two `CallBudgets` with clients of their own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app import clock
from app.errors import ProviderThrottledError, ThrottleScope
from app.providers.contract import UsageReading
from app.services.platform import call_budget
from app.services.platform.call_budget import CallBudgets
from app.vocabulary import Priority, ProviderKind, UseCase
from tests.redis_clients import redis_client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from app.providers.contract import CallBudget

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
INSIGHTS, MANAGEMENT = UseCase.ADS_INSIGHTS, UseCase.ADS_MANAGEMENT


@pytest.fixture(autouse=True)
def no_cap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as the hour has them, except where a test is about their cap."""
    if "cap" not in request.node.name:
        monkeypatch.setattr(call_budget, "LONGEST_OWN_WAIT", timedelta(days=1))


def budget_of(
    redis: Redis, account: str = "act_1", *, limit: int = 10, urgency: Priority = Priority.MANUAL
) -> CallBudget:
    return CallBudgets(redis).get_budget(ProviderKind.META, account, calls_per_hour=limit, urgency=urgency)


def usage(percent: str, regain: timedelta = timedelta(0)) -> UsageReading:
    return UsageReading(percent=Decimal(percent), regain_wait=regain)


async def spend_at(budget: CallBudget, instant: datetime, calls: int = 1, *, beyond_limit: bool = False) -> None:
    with clock.frozen(instant):
        await budget.spend(INSIGHTS, calls, beyond_limit=beyond_limit)


async def refusal_at(budget: CallBudget, instant: datetime, calls: int = 1, *, beyond_limit: bool = False) -> datetime:
    """When the refused call may be tried again."""
    with pytest.raises(ProviderThrottledError) as raised:
        await spend_at(budget, instant, calls, beyond_limit=beyond_limit)
    platform = "the platform wants a pause" in str(raised.value)
    assert raised.value.scope is (ThrottleScope.USE_CASE if platform else ThrottleScope.JOB)
    assert raised.value.use_case is INSIGHTS
    return raised.value.retry_at


async def test_the_hour_is_shared_by_all_processes_and_connections(redis: Redis, other_process: Redis) -> None:
    mine, theirs = budget_of(redis, "act_1"), budget_of(other_process, "1")
    for _ in range(5):
        await spend_at(mine, NOON)
        await spend_at(theirs, NOON)

    assert await refusal_at(mine, NOON) == NOON + timedelta(minutes=61)
    assert await refusal_at(theirs, NOON) == NOON + timedelta(minutes=61)


async def test_our_own_limit_is_asked_again_within_the_cap_for_it_may_be_raised(redis: Redis) -> None:
    await spend_at(budget_of(redis), NOON, 10)

    assert await refusal_at(budget_of(redis), NOON) == NOON + timedelta(minutes=10)
    await spend_at(budget_of(redis, limit=20), NOON)


async def test_a_backfill_leaves_calls_for_ticks_and_ticks_leave_some_for_people(redis: Redis) -> None:
    budgets = CallBudgets(redis)

    def of(urgency: Priority) -> CallBudget:
        return budgets.get_budget(ProviderKind.META, "1", calls_per_hour=20, urgency=urgency)

    for urgency, calls in ((Priority.BACKFILL, 10), (Priority.SCHEDULED, 8), (Priority.FRESH, 1), (Priority.MANUAL, 1)):
        for _ in range(calls):
            await spend_at(of(urgency), NOON)
        if urgency is not Priority.FRESH:
            await refusal_at(of(urgency), NOON)


async def test_what_goes_beyond_the_limit_is_counted_and_not_refused(redis: Redis) -> None:
    budgets = CallBudgets(redis)
    beyond = budgets.get_budget(ProviderKind.META, "1", calls_per_hour=10, beyond_limit=True)
    await spend_at(budget_of(redis), NOON, 9)
    for _ in range(3):
        await spend_at(beyond, NOON)
    await refusal_at(budget_of(redis), NOON)
    with clock.frozen(NOON):
        await beyond.note_usage(INSIGHTS, usage("100", timedelta(minutes=5)))
    assert await refusal_at(beyond, NOON) == NOON + timedelta(minutes=5)


async def test_many_at_once_never_pass_the_limit(redis: Redis, other_process: Redis) -> None:
    budgets = [budget_of(redis), budget_of(other_process)]
    results = await asyncio.gather(
        *(spend_at(budgets[number % 2], NOON) for number in range(30)),
        return_exceptions=True,
    )

    assert [isinstance(result, ProviderThrottledError) for result in results].count(False) == 10


async def test_the_hour_slides_by_minutes(redis: Redis) -> None:
    budget = budget_of(redis)
    await spend_at(budget, NOON + timedelta(seconds=59), 4)
    await spend_at(budget, NOON + timedelta(minutes=30), 6)

    assert await refusal_at(budget, NOON + timedelta(minutes=60, seconds=58)) == NOON + timedelta(minutes=61)
    assert await refusal_at(budget, NOON + timedelta(minutes=40), 5) == NOON + timedelta(minutes=91)
    await spend_at(budget, NOON + timedelta(minutes=61), 4)
    assert await refusal_at(budget, NOON + timedelta(minutes=61)) == NOON + timedelta(minutes=91)
    await spend_at(budget, NOON + timedelta(minutes=91), 6)


async def test_a_refused_call_is_not_counted(redis: Redis) -> None:
    budget = budget_of(redis)
    await spend_at(budget, NOON, 8)
    await refusal_at(budget, NOON, 3)

    await spend_at(budget, NOON, 2)


async def test_use_cases_and_accounts_have_budgets_of_their_own(redis: Redis) -> None:
    await spend_at(budget_of(redis), NOON, 10)

    with clock.frozen(NOON):
        await budget_of(redis).spend(MANAGEMENT, 10)
        await budget_of(redis, "act_11").spend(INSIGHTS, 10)
        await CallBudgets(redis).get_budget(ProviderKind.MOCK, "1", calls_per_hour=1).spend(INSIGHTS)


async def test_writes_count_but_are_refused_only_by_a_throttle(redis: Redis) -> None:
    budget = budget_of(redis)
    await spend_at(budget, NOON, 10)
    await spend_at(budget, NOON, 50, beyond_limit=True)
    assert await refusal_at(budget, NOON + timedelta(minutes=1)) == NOON + timedelta(minutes=61)

    with clock.frozen(NOON):
        await budget.note_usage(INSIGHTS, usage("96"))
    await spend_at(budget, NOON, 50, beyond_limit=True)
    with clock.frozen(NOON):
        await budget.note_usage(INSIGHTS, usage("100", timedelta(seconds=20)))
    assert await refusal_at(budget, NOON, beyond_limit=True) == NOON + timedelta(seconds=20)


async def test_more_at_once_than_an_hour_has_goes_when_nothing_else_went(redis: Redis) -> None:
    budget = budget_of(redis)
    await spend_at(budget, NOON, 50)

    assert await refusal_at(budget, NOON, 50) == NOON + timedelta(minutes=61)
    await spend_at(budget, NOON + timedelta(minutes=61), 50)


@pytest.mark.parametrize(
    ("percent", "regain", "pause"),
    [
        ("85", timedelta(0), timedelta(minutes=1)),
        ("94.99", timedelta(0), timedelta(minutes=1)),
        ("95", timedelta(0), timedelta(minutes=1)),
        ("118", timedelta(0), timedelta(minutes=1)),
        ("118", timedelta(minutes=42), timedelta(minutes=42)),
        ("10", timedelta(seconds=90), timedelta(seconds=90)),
    ],
)
async def test_a_quota_near_its_end_pauses_all_processes(
    redis: Redis,
    other_process: Redis,
    percent: str,
    regain: timedelta,
    pause: timedelta,
) -> None:
    with clock.frozen(NOON):
        await budget_of(redis).note_usage(INSIGHTS, usage(percent, regain))
        await budget_of(other_process).spend(MANAGEMENT)

    other = budget_of(other_process, urgency=Priority.SCHEDULED)
    assert await refusal_at(other, NOON + pause - timedelta(seconds=1)) == NOON + pause
    await spend_at(other, NOON + pause)


@pytest.mark.parametrize(
    ("noted", "reason"),
    [
        ((usage("100", timedelta(minutes=5)), usage("86")), "the platform wants a pause"),
        (
            (usage("10"), usage("96")),
            "the platform's usage headers say that its quota is nearly used up",
        ),
        ((usage("96"), usage("10", timedelta(minutes=5))), "the platform wants a pause"),
        ((usage("86"), usage("10", timedelta(seconds=5))), "the platform wants a pause"),
    ],
)
async def test_a_pause_says_what_made_it(redis: Redis, noted: Sequence[UsageReading], reason: str) -> None:
    budget = budget_of(redis, urgency=Priority.SCHEDULED)
    for each in noted:
        await budget.note_usage(INSIGHTS, each)
    with pytest.raises(ProviderThrottledError) as raised:
        await budget.spend(INSIGHTS)
    assert str(raised.value) == f"no call is made for ADS_INSIGHTS: {reason}"


async def test_a_pause_of_an_older_process_is_kept_though_nobody_knows_what_made_it(redis: Redis) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    await redis.set("pixecom:calls:{META/1}:ADS_INSIGHTS:pause", f"{until.timestamp():.3f}")
    with pytest.raises(ProviderThrottledError, match="the platform wants a pause, or its usage headers say that"):
        await budget_of(redis).spend(INSIGHTS)


async def test_below_the_thresholds_nothing_pauses(redis: Redis) -> None:
    with clock.frozen(NOON):
        await budget_of(redis).note_usage(INSIGHTS, usage("84.99"))
        await budget_of(redis).spend(INSIGHTS)


async def test_a_pause_that_the_platform_named_is_never_made_shorter(redis: Redis) -> None:
    budget = budget_of(redis)
    with clock.frozen(NOON):
        await budget.note_usage(INSIGHTS, usage("100", timedelta(minutes=10)))
        await budget.note_usage(INSIGHTS, usage("100", timedelta(minutes=3)))
        await budget.note_usage(INSIGHTS, usage("86"))

    assert await refusal_at(budget, NOON) == NOON + timedelta(minutes=10)


async def test_keys_name_the_account_and_end_by_themselves(redis: Redis) -> None:
    budget = budget_of(redis, "act_77")
    await budget.spend(INSIGHTS)
    await budget.note_usage(INSIGHTS, usage("86"))
    keys = sorted(await redis.keys())

    assert keys == [
        b"pixecom:calls:{META/77}:ADS_INSIGHTS:count",
        b"pixecom:calls:{META/77}:ADS_INSIGHTS:pause",
        b"pixecom:calls:{META/77}:ADS_INSIGHTS:pause_cause",
    ]
    assert 3600 < await redis.ttl(keys[0]) <= 3720
    assert [0 < await redis.ttl(key) <= 60 for key in keys[1:]] == [True, True]


async def test_without_redis_calls_go_through_with_one_warning() -> None:
    redis = redis_client("redis://127.0.0.1:1/0")
    budgets = CallBudgets(redis)
    budget = budgets.get_budget(ProviderKind.META, "1", calls_per_hour=1)
    with capture_logs() as logs:
        for minute in range(3):
            await spend_at(budget, NOON + timedelta(minutes=minute))
            with clock.frozen(NOON + timedelta(minutes=minute)):
                await budget.note_usage(INSIGHTS, usage("99"))

    warnings = [line for line in logs if line["log_level"] == "warning"]
    assert [(line["event"], line["error"]) for line in warnings] == [
        ("platform calls are not counted while Redis is unavailable", "ConnectionError"),
    ]
    await redis.aclose()
