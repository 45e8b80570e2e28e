from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.database.transactions import work_transaction
from app.errors import NotFoundError
from app.queries.schedule.ticks import forget_ticks, take_tick
from app.services.jobs.execution import execute_job
from app.services.schedule import tick_walk
from app.services.schedule.slots import daily, every
from app.services.schedule.tick_taking import run_due_ticks, start_scheduled_job
from app.services.schedule.timetable import find_entry, schedule
from app.vocabulary import Priority
from tests.services.shop import add_seller
from tests.services.ticking import ALL, connect_mocks, count_jobs, do_all, states, tell, tick
from tests.services.working import fetch_work
from workers.tasks import HANDLERS

if TYPE_CHECKING:
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.jobs.claims import ClaimedJob
    from app.queries.schedule.ticks import TickPlace
    from app.services.context import Services

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ACCOUNT_KINDS = ("structure", "stats", "delivery", "restatement")
OF_AN_ACCOUNT = {"structure": 1, "stats": 4, "delivery": 1, "restatement": 16}


def test_the_table_says_what_runs_when(services: Services) -> None:
    entries = schedule(services.settings)
    assert [entry.name for entry in entries] == ALL
    minutes = {entry.name: entry.slots.every // timedelta(minutes=1) for entry in entries}
    assert minutes == {
        "structure": 60,
        "stats": 15,
        "delivery": 5,
        "daily": 5,
        "restatement": 1440,
        "day_close": 60,
        "retention": 1440,
        "compaction": 60,
    }
    hours = {entry.name: entry.slots.newest(NOON).hour for entry in entries if minutes[entry.name] == 1440}
    assert hours == {"restatement": 4, "retention": 3}
    assert [entry.name for entry in entries if entry.own_job] == ["retention", "compaction"]
    assert all((entry.own_job is None) != (entry.plan is None) for entry in entries)


async def test_schedulers_at_once_make_one_tick_for_each_slot_and_one_job_for_each_account(services: Services) -> None:
    sellers = [await add_seller(services, slug) for slug in ("one", "two")]
    for seller_id in sellers:
        await connect_mocks(services, seller_id, 3)
    with clock.frozen(NOON):
        taken = await asyncio.gather(*[run_due_ticks(services) for _ in range(3)])
        assert sorted(name for names in taken for name in names) == sorted(ALL)
        assert await run_due_ticks(services) == []
        assert await count_jobs(services, "tick", "retention", "compaction") == {
            "tick": 6,
            "retention": 1,
            "compaction": 1,
        }
        await do_all(services, "tick")
    assert await count_jobs(services, *ACCOUNT_KINDS) == {kind: count * 6 for kind, count in OF_AN_ACCOUNT.items()}
    query = "SELECT reason, seller_id FROM sync_runs WHERE origin = 'SCHEDULE'"
    runs = Counter(tuple(row) for row in await fetch_work(services, query))
    walked = [*ACCOUNT_KINDS, "daily", "day_close"]
    assert runs == {(name, seller): 1 for name in walked for seller in (None, *sellers)} | {
        ("retention", None): 1,
        ("compaction", None): 1,
    }


async def test_a_job_that_still_lives_at_the_next_slot_is_joined(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    hourly = ["structure", "stats", "delivery", "daily", "day_close", "compaction"]
    for minutes, taken in ((0, ALL), (4, []), (5, ["delivery", "daily"]), (60, hourly)):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            assert await tick(services) == taken
    assert await count_jobs(services, *ACCOUNT_KINDS) == OF_AN_ACCOUNT


async def test_slots_that_were_missed_are_caught_up_once(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    with clock.frozen(NOON):
        assert await run_due_ticks(services) == ALL
    with clock.frozen(NOON + timedelta(days=3, minutes=13)):
        assert await run_due_ticks(services) == ALL
        assert await run_due_ticks(services) == []
    slots = await fetch_work(services, "SELECT name, slot FROM ticks WHERE slot > $1", NOON)
    later = NOON + timedelta(days=3)
    assert {row[0]: row[1] for row in slots} == {
        **dict.fromkeys(ALL, later),
        "delivery": later + timedelta(minutes=10),
        "daily": later + timedelta(minutes=10),
        "restatement": later.replace(hour=4),
        "retention": later.replace(hour=3),
    }


async def test_a_tick_that_nobody_began_is_left_to_the_newer_one(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    for minutes in (0, 15, 30):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            await run_due_ticks(services)
    with clock.frozen(NOON + timedelta(minutes=30)):
        await do_all(services, "tick")
    query = "SELECT count(*) FROM sync_runs WHERE reason = 'stats' AND seller_id IS NOT NULL"
    assert (await fetch_work(services, query))[0][0] == 1
    assert (await states(services, "tick"))["SUCCEEDED"] == 12


async def test_a_slot_of_a_long_interval_is_not_forgotten_while_it_is_the_newest(services: Services) -> None:
    rarely = services.settings.model_copy(update={"structure_interval_minutes": 60 * 24 * 30})
    slow = replace(services, settings=rarely)
    with clock.frozen(NOON):
        assert await run_due_ticks(slow) == ALL
        assert await run_due_ticks(slow) == []
    with clock.frozen(NOON + timedelta(minutes=5)):
        assert await run_due_ticks(slow) == ["delivery", "daily"]
    with clock.frozen(NOON + timedelta(days=8)):
        assert await run_due_ticks(slow) == ALL[1:]
    assert (await fetch_work(services, "SELECT count(*) FROM ticks"))[0][0] == len(ALL)


async def test_the_newest_round_of_a_seller_is_never_forgotten(services: Services) -> None:
    name = "daily:somebody"
    async with work_transaction(services.database.app) as driver:
        for days in (20, 21):
            assert await take_tick(driver, name, NOON - timedelta(days=days), now=NOON)
        await forget_ticks(driver, before=NOON - timedelta(days=7))
    assert [row[0] for row in await fetch_work(services, "SELECT slot FROM ticks")] == [NOON - timedelta(days=20)]


async def test_accounts_without_a_working_token_or_seller_get_no_work(services: Services) -> None:
    seller_id, away = await add_seller(services), await add_seller(services, "away")
    await connect_mocks(services, seller_id, 2)
    await connect_mocks(services, away, 1)
    await tell(services, seller_id, "UPDATE fb_connections SET health = 'UNHEALTHY' WHERE external_id = 'mock-0'")
    await tell(services, seller_id, "UPDATE fb_connections SET is_active = false WHERE external_id = 'mock-1'")
    await tell(services, away, "UPDATE sellers SET is_active = false")
    with clock.frozen(NOON):
        assert await tick(services) == ALL
    assert await count_jobs(services, *ACCOUNT_KINDS) == {}
    query = "SELECT reason FROM sync_runs WHERE origin = 'SCHEDULE' AND seller_id IS NOT NULL ORDER BY reason"
    assert [row[0] for row in await fetch_work(services, query)] == ["daily", "day_close"]


async def test_the_work_of_a_slot_is_spread_over_at_most_a_minute(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 40)
    with clock.frozen(NOON):
        await tick(services)
    query = """
    SELECT kind, count(DISTINCT run_at), max(extract(epoch FROM run_at - now()))::float8,
           min(extract(epoch FROM run_at - now()))::float8
    FROM jobs
    WHERE kind IN ('structure', 'restatement')
    GROUP BY kind
    """
    spread = {row[0]: tuple(row)[1:] for row in await fetch_work(services, query)}
    different, last, first = spread["structure"]
    assert different > 30
    assert last <= 60
    assert last - first > 30
    different, last, first = spread["restatement"]
    assert different > 30
    assert 60 < last <= 3600
    assert last - first > 1800


async def test_an_account_with_spend_today_goes_first_and_at_once(services: Services) -> None:
    seller_id = await add_seller(services)
    spending, resting = await connect_mocks(services, seller_id, 2)
    spent = "UPDATE fb_connections SET spent_on = $2 WHERE id = $1"
    # It is the 21st there from 17:00 UTC on.
    with clock.frozen(NOON.replace(hour=17)):
        await tell(services, seller_id, spent, spending, date(2026, 11, 21))
        await tell(services, seller_id, spent, resting, date(2026, 11, 20))
        await tick(services)
    query = """
    SELECT connection_id, priority, bool_and(run_at <= now())
    FROM jobs
    WHERE kind IN ('structure', 'stats', 'delivery')
    GROUP BY connection_id, priority
    """
    rows = {row[0]: (row[1], row[2]) for row in await fetch_work(services, query)}
    assert rows[spending] == (Priority.FRESH, True)
    assert rows[resting][0] == Priority.SCHEDULED


async def test_a_stretched_account_gets_its_stats_only_every_so_many_slots(services: Services) -> None:
    seller_id = await add_seller(services)
    accounts = await connect_mocks(services, seller_id, 12)
    await tell(services, seller_id, "UPDATE fb_connections SET stats_stretch = 4")
    asked: list[set[UUID]] = []
    for slot in range(8):
        with clock.frozen(NOON + timedelta(minutes=15 * slot)):
            await tick(services)
        query = "DELETE FROM sync_run_jobs USING jobs WHERE job_id = jobs.id AND kind = 'stats'"
        await fetch_work(services, query)
        gone = "DELETE FROM jobs WHERE kind = 'stats' RETURNING connection_id"
        asked.append({row[0] for row in await fetch_work(services, gone)})
    assert asked[:4] == asked[4:]
    assert Counter(account for of_slot in asked for account in of_slot) == dict.fromkeys(accounts, 2)
    assert len([of_slot for of_slot in asked[:4] if of_slot]) > 1


class Killed(Exception):  # noqa: N818  # it stands for the end of a process
    """Somebody pulled the plug."""


# Pages of four: sellers are recorded one by one, or as 3, 1, 3.
@pytest.mark.parametrize(("at_once", "killed_at", "recorded"), [(1, 4, 3), (3, 3, 4), (3, 1, 0)])
async def test_a_tick_that_was_killed_goes_on_behind_the_last_seller(
    services: Services, monkeypatch: pytest.MonkeyPatch, at_once: int, killed_at: int, recorded: int
) -> None:
    sellers = sorted([await add_seller(services, f"seller-{place}") for place in range(7)])
    for seller_id in sellers:
        await connect_mocks(services, seller_id, 1)
    monkeypatch.setattr(tick_walk, "SELLERS_A_PAGE", 4)
    monkeypatch.setattr(tick_walk, "SELLERS_AT_ONCE", at_once)
    saved: list[UUID] = []
    save = tick_walk.save_tick_place

    async def save_and_die(driver: Driver, job: ClaimedJob, place: TickPlace) -> None:
        await save(driver, job, place)
        saved.append(place.after)
        if len(saved) == killed_at:  # after the writing, before the commit
            raise Killed

    with clock.frozen(NOON):
        async with work_transaction(services.database.app) as driver:
            for name in ALL:
                if name != "structure":
                    await take_tick(driver, name, NOON, now=NOON)
        assert await run_due_ticks(services) == ["structure"]
        monkeypatch.setattr(tick_walk, "save_tick_place", save_and_die)
        await do_all(services, "tick")
        assert await states(services, "tick") == {"RETRYING": 1}
        assert await runs_of(services, "structure") == sellers[:recorded]
        monkeypatch.setattr(tick_walk, "save_tick_place", save)
        await do_all(services, "tick")
    assert await states(services, "tick") == {"SUCCEEDED": 1}
    assert await runs_of(services, "structure") == sellers
    assert await count_jobs(services, "structure") == {"structure": 7}
    progress = (await fetch_work(services, "SELECT progress FROM jobs WHERE kind = 'tick'"))[0][0]
    assert (progress["after"], progress["done"]) == (str(sellers[-1]), 7)


async def test_a_seller_that_has_to_be_waited_for_holds_up_no_other(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers = sorted([await add_seller(services, f"seller-{place}") for place in range(3)])
    for seller_id in sellers:
        await connect_mocks(services, seller_id, 1)
    monkeypatch.setattr(tick_walk, "TOGETHER_WAIT", timedelta(milliseconds=20))
    with clock.frozen(NOON):
        await start_scheduled_job(services, "structure")
        await do_all(services, "tick")
    with clock.frozen(NOON + timedelta(hours=1)):
        await start_scheduled_job(services, "structure")
        async with work_transaction(services.database.app) as driver:
            lock = "SELECT id FROM jobs WHERE kind = 'structure' AND seller_id = $1 FOR UPDATE"
            await driver.fetch(lock, sellers[1])
            walk = asyncio.create_task(do_all(services, "tick"))
            async with asyncio.timeout(30):
                while await runs_of(services, "structure") != sorted([*sellers, sellers[0]]):
                    await asyncio.sleep(0.01)
        await walk
    assert await runs_of(services, "structure") == sorted([*sellers, *sellers])
    assert await states(services, "tick") == {"SUCCEEDED": 2}


async def test_a_seller_for_whom_nothing_can_be_planned_holds_up_no_other(services: Services) -> None:
    sellers = [await add_seller(services, slug) for slug in ("one", "two", "three")]
    for seller_id in sellers:
        await connect_mocks(services, seller_id, 1)
    faulty = min(sellers)
    await tell(services, faulty, "UPDATE fb_connections SET time_zone = 'Nowhere/At_All'")
    with clock.frozen(NOON):
        await run_due_ticks(services)
        await do_all(services, "tick")
    assert await states(services, "tick") == {"SUCCEEDED": 6}
    planned = await fetch_work(services, "SELECT DISTINCT seller_id FROM jobs WHERE kind = 'stats'")
    assert {row[0] for row in planned} == set(sellers) - {faulty}


async def test_slots_taken_by_a_clock_that_was_ahead_stop_nothing(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    with clock.frozen(NOON + timedelta(days=3)):
        assert await run_due_ticks(services) == ALL
    with clock.frozen(NOON):
        assert await run_due_ticks(services) == ALL
        assert await run_due_ticks(services) == []
    slots = await fetch_work(services, "SELECT max(slot) FROM ticks")
    assert slots[0][0] <= NOON


async def test_the_schedule_goes_by_the_databases_clock(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2031, 1, 1, tzinfo=UTC))
    assert await run_due_ticks(services) == ALL
    assert await fetch_work(services, "SELECT name FROM ticks WHERE slot > now()") == []


async def test_a_tick_that_lost_its_lease_records_nothing(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    page = tick_walk.list_seller_connections

    async def lose(driver: Driver, *, after: UUID, limit: int) -> object:
        await fetch_work(services, "UPDATE jobs SET attempt = attempt + 1 WHERE kind = 'tick' RETURNING id")
        return await page(driver, after=after, limit=limit)

    monkeypatch.setattr(tick_walk, "list_seller_connections", lose)
    with clock.frozen(NOON):
        run_id = await start_scheduled_job(services, "structure")
        query = "SELECT job_id FROM sync_run_jobs WHERE run_id = $1"
        job_id = (await fetch_work(services, query, run_id))[0][0]
        await execute_job(services, job_id, worker="test", handlers=HANDLERS)
    assert await count_jobs(services, "structure") == {}


async def runs_of(services: Services, reason: str) -> list[UUID]:
    query = "SELECT seller_id FROM sync_runs WHERE reason = $1 AND seller_id IS NOT NULL ORDER BY seller_id"
    return [row[0] for row in await fetch_work(services, query, reason)]


async def test_what_is_asked_for_from_outside_runs_at_any_time_and_takes_no_slot(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    with clock.frozen(NOON + timedelta(minutes=7)):
        run_id = await start_scheduled_job(services, "stats")
        assert await fetch_work(services, "SELECT name FROM ticks") == []
        await do_all(services, "tick")
        assert await tick(services) == ALL
    query = "SELECT reason, seller_id IS NULL FROM sync_runs WHERE origin = 'CRON' ORDER BY id"
    assert [tuple(row) for row in await fetch_work(services, query)] == [("stats", True), ("stats", False)]
    kinds = "SELECT kind, unit FROM jobs JOIN sync_run_jobs ON job_id = id WHERE run_id = $1"
    assert [tuple(row) for row in await fetch_work(services, kinds, run_id)] == [
        ("tick", {"name": "stats", "slot": NOON.isoformat(), "origin": "CRON"})
    ]


async def test_what_is_asked_for_from_outside_is_spread_over_no_time(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 3)
    waits = "SELECT DISTINCT run_at > now() FROM jobs WHERE kind = 'restatement' AND ended_at IS NULL"
    with clock.frozen(NOON):
        await tick(services)
        assert [row[0] for row in await fetch_work(services, waits)] == [True]
        count = await count_jobs(services, "restatement")
        # What the schedule has spread is joined, and begins at once all the same.
        await start_scheduled_job(services, "restatement")
        await do_all(services, "tick")
    assert [row[0] for row in await fetch_work(services, waits)] == [False]
    assert await count_jobs(services, "restatement") == count == {"restatement": 48}


async def test_housekeeping_is_asked_for_as_the_job_itself(services: Services) -> None:
    run_id = await start_scheduled_job(services, "compaction")
    query = "SELECT kind, jobs.seller_id FROM jobs JOIN sync_run_jobs ON job_id = id WHERE run_id = $1"
    assert [tuple(row) for row in await fetch_work(services, query, run_id)] == [("compaction", None)]
    with pytest.raises(NotFoundError):
        await start_scheduled_job(services, "tick")
    assert find_entry(services.settings, "nothing") is None


def test_a_slot_is_the_newest_whole_interval() -> None:
    moment = datetime(2026, 11, 20, 12, 29, 59, 5, tzinfo=UTC)
    assert every(15).newest(moment) == datetime(2026, 11, 20, 12, 15, tzinfo=UTC)
    assert every(5).newest(NOON) == NOON
    assert daily(4).newest(NOON) == NOON.replace(hour=4)
    assert daily(13).newest(NOON) == NOON.replace(day=19, hour=13)
    assert [every(15).number(NOON + timedelta(minutes=15 * place)) - every(15).number(NOON) for place in (0, 1)] == [
        0,
        1,
    ]
    assert daily(4).number(NOON.replace(hour=4)) - daily(4).number(NOON.replace(day=19, hour=4)) == 1


async def test_stats_of_a_slot_are_those_of_four_days_in_the_accounts_zone(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    with clock.frozen(NOON.replace(hour=17)):  # midnight of the 21st there
        await tick(services)
    units = await fetch_work(services, "SELECT unit FROM jobs WHERE kind = 'stats' ORDER BY unit ->> 'level'")
    assert [row[0] for row in units] == [
        {"level": level, "from": "2026-11-18", "to": "2026-11-21"} for level in ("ACCOUNT", "AD", "ADSET", "CAMPAIGN")
    ]


async def test_restatement_is_of_the_last_28_days(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    with clock.frozen(NOON):
        await tick(services)
    query = "SELECT unit ->> 'level', unit ->> 'from', unit ->> 'to' FROM jobs WHERE kind = 'restatement'"
    pieces = [("10-24", "10-30"), ("10-31", "11-06"), ("11-07", "11-13"), ("11-14", "11-20")]
    assert sorted(tuple(row) for row in await fetch_work(services, query)) == [
        (level, f"2026-{start}", f"2026-{end}")
        for level in ("ACCOUNT", "AD", "ADSET", "CAMPAIGN")
        for start, end in pieces
    ]
