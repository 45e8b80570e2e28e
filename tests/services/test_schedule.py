from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app import clock
from app.services.connecting import AccountToConnect, connect_account
from app.services.job_broker import Priority
from app.services.schedule import run_due_ticks, slot_of
from app.vocabulary import ProviderKind
from tests.services.shop import add_seller
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.services.context import Services

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ALL = ["structure", "stats", "delivery"]


async def connect_mocks(services: Services, seller_id: UUID, count: int) -> None:
    """Accounts without any job of their own."""
    for place in range(count):
        account = AccountToConnect(
            provider=ProviderKind.MOCK,
            external_id=f"mock-{place}",
            name=f"Mock {place}",
            time_zone="Asia/Ho_Chi_Minh",
            currency="USD",
        )
        await connect_account(services, seller_id=seller_id, account=account)
    await fetch_work(services, "UPDATE jobs SET state = 'SUCCEEDED' RETURNING id")


async def made(services: Services) -> dict[str, int]:
    """Scheduled jobs by kind."""
    query = "SELECT kind, count(*) FROM jobs WHERE priority = $1 GROUP BY kind"
    return {row[0]: row[1] for row in await fetch_work(services, query, Priority.SCHEDULED)}


async def test_schedulers_at_once_make_one_job_for_each_slot_and_account(services: Services) -> None:
    sellers = [await add_seller(services, slug) for slug in ("one", "two")]
    for seller_id in sellers:
        await connect_mocks(services, seller_id, 3)
    with clock.frozen(NOON):
        taken = await asyncio.gather(*[run_due_ticks(services) for _ in range(3)])
        assert sorted(name for names in taken for name in names) == sorted(ALL)
        assert await run_due_ticks(services) == []
    assert await made(services) == {"structure": 6, "stats": 24, "delivery": 6}
    runs = await fetch_work(services, "SELECT reason, count(*) FROM sync_runs WHERE origin = 'SCHEDULE' GROUP BY 1")
    assert {row[0]: row[1] for row in runs} == {"structure": 2, "stats": 2, "delivery": 2}


async def test_a_job_that_still_lives_at_the_next_slot_is_joined(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    for minutes, taken in ((0, ALL), (4, []), (5, ["delivery"]), (15, ["stats", "delivery"])):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            assert await run_due_ticks(services) == taken
    assert await made(services) == {"structure": 1, "stats": 4, "delivery": 1}


async def test_slots_that_were_missed_are_caught_up_once(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    for minutes in (0, 183):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            assert await run_due_ticks(services) == ALL
            assert await run_due_ticks(services) == []
    slots = await fetch_work(services, "SELECT name, slot FROM ticks WHERE slot > $1 ORDER BY name", NOON)
    assert [(row[0], row[1]) for row in slots] == [
        ("delivery", NOON + timedelta(hours=3)),
        ("stats", NOON + timedelta(hours=3)),
        ("structure", NOON + timedelta(hours=3)),
    ]


async def test_a_slot_of_a_long_interval_is_not_forgotten_while_it_is_the_newest(services: Services) -> None:
    rarely = services.settings.model_copy(update={"structure_interval_minutes": 60 * 24 * 30})
    slow = replace(services, settings=rarely)
    with clock.frozen(NOON):
        assert await run_due_ticks(slow) == ALL
        assert await run_due_ticks(slow) == []
    with clock.frozen(NOON + timedelta(minutes=5)):
        assert await run_due_ticks(slow) == ["delivery"]
    with clock.frozen(NOON + timedelta(days=8)):
        assert await run_due_ticks(slow) == ["stats", "delivery"]
    assert (await fetch_work(services, "SELECT count(*) FROM ticks"))[0][0] == 3


async def test_accounts_without_a_working_token_or_seller_get_no_work(services: Services) -> None:
    seller_id = await add_seller(services)
    await connect_mocks(services, seller_id, 2)
    await tell(services, seller_id, "UPDATE fb_connections SET health = 'UNHEALTHY' WHERE external_id = 'mock-0'")
    await tell(services, seller_id, "UPDATE fb_connections SET is_active = false WHERE external_id = 'mock-1'")
    with clock.frozen(NOON):
        assert await run_due_ticks(services) == ALL
    assert await made(services) == {}
    assert await fetch_work(services, "SELECT id FROM sync_runs WHERE origin = 'SCHEDULE'") == []


async def tell(services: Services, seller_id: UUID, statement: str) -> None:
    from app.database.transactions import tenant_transaction  # noqa: PLC0415  # only here

    async with tenant_transaction(services.database.app, seller_id) as driver:
        await driver.execute(statement)


async def test_the_work_of_a_slot_is_spread_over_at_most_a_minute(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 40)
    with clock.frozen(NOON):
        await run_due_ticks(services)
    query = """
    SELECT count(DISTINCT run_at), max(extract(epoch FROM run_at - now()))::float8,
           min(extract(epoch FROM run_at - now()))::float8
    FROM jobs
    WHERE kind = 'structure' AND priority = 2
    """
    different, last, first = (await fetch_work(services, query))[0]
    assert different > 30
    assert last <= 60
    assert last - first > 30


def test_a_slot_is_the_newest_whole_interval() -> None:
    moment = datetime(2026, 11, 20, 12, 29, 59, 5, tzinfo=UTC)
    assert slot_of(moment, timedelta(minutes=15)) == datetime(2026, 11, 20, 12, 15, tzinfo=UTC)
    assert slot_of(NOON, timedelta(minutes=5)) == NOON


async def test_stats_of_a_slot_are_those_of_four_days_in_the_accounts_zone(services: Services) -> None:
    await connect_mocks(services, await add_seller(services), 1)
    with clock.frozen(datetime(2026, 11, 20, 17, 0, tzinfo=UTC)):  # midnight of the 21st there
        await run_due_ticks(services)
    units = await fetch_work(services, "SELECT unit FROM jobs WHERE kind = 'stats' ORDER BY unit ->> 'level'")
    assert [row[0] for row in units] == [
        {"level": level, "from": "2026-11-18", "to": "2026-11-21"} for level in ("ACCOUNT", "AD", "ADSET", "CAMPAIGN")
    ]
