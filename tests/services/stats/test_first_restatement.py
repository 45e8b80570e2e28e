"""The days of a newly connected account: fetched as its history, and not once more by the schedule's first rounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.schedule.tick_taking import start_scheduled_job
from app.vocabulary import ProviderKind
from tests.services.shop import add_seller
from tests.services.ticking import count_jobs, do_all, tick
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from app.services.context import Services

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOON.date()
FOUR_WEEKS = [TODAY - timedelta(days=back) for back in range(28)]
MOVING = FOUR_WEEKS[:4]
A_DAY = timedelta(days=1)
A_ROUND = timedelta(minutes=15)


@pytest.mark.parametrize("history", [90, 28, 4])
async def test_the_last_28_days_of_a_new_account_are_fetched_once(services: Services, history: int) -> None:
    services = _with_history(services, history)
    with clock.frozen(NOON):
        await _connect(services)
        await do_all(services, "structure")
        days = await _fetched_days(services)
        assert days == Counter({TODAY - timedelta(days=back): 1 for back in range(history)})

        await tick(services)
        days = await _fetched_days(services)
    assert {day: days[day] for day in FOUR_WEEKS} == dict.fromkeys(FOUR_WEEKS, 1)


async def test_a_restatement_before_the_history_is_asked_for_leaves_it_its_days(services: Services) -> None:
    with clock.frozen(NOON):
        await _connect(services)
        await tick(services)
        assert await count_jobs(services, "restatement") == {}
        await do_all(services, "structure")
        days = await _fetched_days(services)
    assert {day: days[day] for day in FOUR_WEEKS} == dict.fromkeys(FOUR_WEEKS, 1)


async def test_a_round_that_comes_before_the_history_is_its_beginning(services: Services) -> None:
    with clock.frozen(NOON):
        await _connect(services)
    with clock.frozen(NOON + A_ROUND):
        await tick(services)
        assert await _fetched_days(services) == Counter(MOVING)
        await do_all(services, "structure")
        days = await _fetched_days(services)
    assert {day: days[day] for day in FOUR_WEEKS} == dict.fromkeys(FOUR_WEEKS, 1)


@pytest.mark.parametrize("is_done", [True, False])
async def test_the_round_after_the_history_fetches_the_days_that_still_move_again(
    services: Services, *, is_done: bool
) -> None:
    """Unless the history has not come to them yet."""
    with clock.frozen(NOON):
        await _connect(services)
        await do_all(services, "structure")
        await tick(services)
        if is_done:
            await do_all(services, "stats")
    with clock.frozen(NOON + A_ROUND):
        await tick(services)
        days = await _fetched_days(services)
    assert {day: days[day] for day in MOVING} == dict.fromkeys(MOVING, 2 if is_done else 1)


async def test_a_round_right_after_the_history_is_left_out(services: Services) -> None:
    services = _with_history(services, 4)
    with clock.frozen(NOON):
        await _connect(services)
        await do_all(services, "structure")
        await do_all(services, "stats")
    with clock.frozen(NOON + A_ROUND / 3):
        await tick(services)
        assert await count_jobs(services, "stats") == {"stats": 4}


async def test_whoever_asks_for_a_round_gets_it(services: Services) -> None:
    with clock.frozen(NOON):
        await _connect(services)
        await do_all(services, "structure")
        await do_all(services, "stats")
        await start_scheduled_job(services, "stats")
        await do_all(services, "tick")
        days = await _fetched_days(services)
    assert {day: days[day] for day in MOVING} == dict.fromkeys(MOVING, 2)


async def test_the_next_days_restatement_is_of_all_28_days(services: Services) -> None:
    with clock.frozen(NOON):
        await _connect(services)
        await do_all(services, "structure")
        await tick(services)
        assert await count_jobs(services, "restatement") == {}
    with clock.frozen(NOON + A_DAY):
        await tick(services)
    assert await count_jobs(services, "restatement") == {"restatement": 16}


@pytest.mark.parametrize(("backfill_days", "asked"), [(0, False), (28, True)])
async def test_nothing_is_left_out_without_a_history_or_where_somebody_asks(
    services: Services, backfill_days: int, *, asked: bool
) -> None:
    services = _with_history(services, backfill_days)
    with clock.frozen(NOON):
        await _connect(services)
        if asked:
            await start_scheduled_job(services, "restatement")
            await do_all(services, "tick")
        else:
            await tick(services)
    assert await count_jobs(services, "restatement") == {"restatement": 16}


def _with_history(services: Services, days: int) -> Services:
    return replace(services, settings=services.settings.model_copy(update={"backfill_days": days}))


async def _connect(services: Services) -> None:
    """An account that is connected now; rows get their instants from the frozen clock."""
    account = AccountToConnect(
        provider=ProviderKind.MOCK, external_id="mock-new", name="New", time_zone="UTC", currency="USD"
    )
    await connect_account(services, seller_id=await add_seller(services), account=account)


async def _fetched_days(services: Services) -> Counter[date]:
    """How many jobs fetch the numbers of each day at one level."""
    query = """
    SELECT day::date
    FROM jobs
    CROSS JOIN generate_series((unit ->> 'from')::date, (unit ->> 'to')::date, interval '1 day') AS day
    WHERE unit ->> 'level' = 'AD'
      AND kind IN ('restatement', 'stats')
    """
    return Counter(row[0] for row in await fetch_work(services, query))
