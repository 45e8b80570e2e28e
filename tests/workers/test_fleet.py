"""How all sellers fare together, of rows that say when each account was synced."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import event

from app import clock
from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.observability.prometheus import ACCOUNTS, CONNECTIONS, FRESHNESS, PARTITIONS_AHEAD, SCARCE_BUDGETS
from app.queries.sellers import NewSeller, insert_seller
from app.services.context import open_services
from app.vocabulary import ProviderKind, UseCase
from tests.services.ticking import connect_mocks, tell
from workers import fleet
from workers.backlog import measure_backlog
from workers.fleet import measure_budgets, measure_fleet

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from uuid import UUID

    from prometheus_client import Gauge

    from app.configuration.settings import Settings
    from app.observability.measuring import Reading
    from app.services.context import Services

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TODAY = NOON.date()


class Synced(NamedTuple):
    """Minutes since an account's newest sync (None: never), and days since its last spend."""

    ago: int | None
    spent: int | None = 0
    stretch: int = 1
    changes: str = "is_active = true"


async def add_seller(services: Services, *accounts: Synced) -> UUID:
    seller_id = new_id()
    async with tenant_transaction(services.database.app, seller_id) as driver:
        seller = NewSeller(id=seller_id, slug=f"s-{seller_id}", name="S", time_zone="UTC", currency="USD")
        await insert_seller(driver, seller, now=clock.now())
    connections = await connect_mocks(services, seller_id, len(accounts))
    for connection_id, account in zip(connections, accounts, strict=True):
        changes = f"UPDATE fb_connections SET {account.changes} WHERE seller_id = $1 AND id = $2"
        await tell(services, seller_id, changes, seller_id, connection_id)
        await tell(
            services,
            seller_id,
            "UPDATE fb_connections SET stats_synced_at = $3, spent_on = $4, stats_stretch = $5"
            " WHERE seller_id = $1 AND id = $2",
            seller_id,
            connection_id,
            None if account.ago is None else NOON - timedelta(minutes=account.ago),
            None if account.spent is None else TODAY - timedelta(days=account.spent),
            account.stretch,
        )
    return seller_id


@contextmanager
def listening(services: Services) -> Generator[list[str]]:
    """The statements of all connections that are opened from now on, BEGIN and COMMIT aside."""
    heard: list[str] = []

    def note(record: Any) -> None:
        if not record.query.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            heard.append(record.query)

    def attach(connection: Any, _record: object) -> None:
        connection.driver_connection.add_query_logger(note)

    for engine in (services.database.app, services.database.system):
        event.listen(engine.sync_engine, "connect", attach)
    yield heard


async def measure(services: Services) -> dict[Gauge, dict[tuple[str, ...], float]]:
    with clock.frozen(NOON):
        return by_gauge(await measure_fleet(services))


def by_gauge(readings: Sequence[Reading]) -> dict[Gauge, dict[tuple[str, ...], float]]:
    found: dict[Gauge, dict[tuple[str, ...], float]] = {}
    for gauge, labels, value in readings:
        found.setdefault(gauge, {})[labels] = value
    return found


@pytest.mark.parametrize("page", [1, 2, 1000])
async def test_a_seller_is_as_fresh_as_its_stalest_account_and_pages_change_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(fleet, "PAGE", page)
    await add_seller(services, Synced(5), Synced(10))
    await add_seller(services)
    await add_seller(services, Synced(20), Synced(400, spent=29))
    await add_seller(services, Synced(1), Synced(100), Synced(None, spent=None))
    found = await measure(services)
    assert found[FRESHNESS] == {
        ("SPENDING", "WORST"): 6000.0,
        ("SPENDING", "MEDIAN"): 1200.0,
        ("IDLE", "WORST"): 24000.0,
        ("IDLE", "MEDIAN"): 24000.0,
    }
    assert found[ACCOUNTS] == {
        ("SPENDING", "FRESH"): 4.0,
        ("SPENDING", "LATE"): 0.0,
        ("SPENDING", "STALE"): 1.0,
        ("SPENDING", "NEVER_SYNCED"): 0.0,
        ("IDLE", "FRESH"): 0.0,
        ("IDLE", "LATE"): 0.0,
        ("IDLE", "STALE"): 1.0,
        ("IDLE", "NEVER_SYNCED"): 1.0,
    }


async def test_a_scrape_takes_as_many_statements_for_many_sellers_as_for_one(settings: Settings) -> None:
    async def count() -> int:
        async with open_services(settings, process="tests") as services:
            with listening(services) as heard:
                await measure_fleet(services)
                await measure_backlog(services)
            await asyncio.sleep(0)  # the driver tells what it has sent in the loop's next round
            return len([statement for statement in heard if "pixecom" not in statement and "pg_type" not in statement])

    async with open_services(settings, process="tests") as services:
        await add_seller(services, Synced(5))
        few = await count()
        for _ in range(20):
            await add_seller(services, Synced(5), Synced(5))
        assert (few, await count()) == (9, 9)


@pytest.mark.parametrize(
    ("account", "state"),
    [
        (Synced(30), "FRESH"),
        (Synced(31), "LATE"),
        (Synced(60), "LATE"),
        (Synced(61), "STALE"),
        (Synced(240, stretch=8), "FRESH"),
        (Synced(480, stretch=8), "LATE"),
        (Synced(481, stretch=8), "STALE"),
    ],
)
async def test_an_account_is_late_at_its_own_cadence(services: Services, account: Synced, state: str) -> None:
    await add_seller(services, account)
    found = (await measure(services))[ACCOUNTS]
    assert [labels for labels, accounts in found.items() if accounts] == [("SPENDING", state)]


async def test_short_intervals_are_late_only_after_half_an_hour(settings: Settings) -> None:
    often = settings.model_copy(update={"stats_interval_minutes": 1})
    async with open_services(often, process="tests") as services:
        await add_seller(services, Synced(29), Synced(31))
        found = (await measure(services))[ACCOUNTS]
        assert {labels for labels, accounts in found.items() if accounts} == {
            ("SPENDING", "LATE"),
            ("SPENDING", "STALE"),
        }


async def test_what_nobody_works_for_is_left_out_and_dead_connections_are_counted(services: Services) -> None:
    await add_seller(
        services, Synced(5), Synced(500, changes="health = 'UNHEALTHY'"), Synced(500, changes="is_active = false")
    )
    await add_seller(services, Synced(5, changes="kind = 'PAGE', health = 'UNHEALTHY'"))
    gone = await add_seller(services, Synced(5000))
    await tell(services, gone, "UPDATE sellers SET is_active = false WHERE id = $1", gone)
    found = await measure(services)
    assert found[FRESHNESS] == {("SPENDING", "WORST"): 300.0, ("SPENDING", "MEDIAN"): 300.0}
    counted = {labels: number for labels, number in found[CONNECTIONS].items() if number}
    assert counted == {("AD_ACCOUNT", "HEALTHY"): 1, ("AD_ACCOUNT", "UNHEALTHY"): 1, ("PAGE", "UNHEALTHY"): 1}
    assert len(found[CONNECTIONS]) == 8


async def test_partitions_ahead_of_today_are_counted(services: Services) -> None:
    (ahead,) = (await measure(services))[PARTITIONS_AHEAD].values()
    with clock.frozen(NOON + timedelta(days=31)):
        (a_month_later,) = by_gauge(await measure_fleet(services))[PARTITIONS_AHEAD].values()
    assert ahead - a_month_later == 1
    assert ahead >= 12


async def test_budgets_that_run_short_are_counted_by_what_is_left_and_forgotten(services: Services) -> None:
    insights = UseCase.ADS_INSIGHTS
    for account, calls in (("1", 10), ("2", 11), ("3", 18), ("4", 20)):
        budget = services.budgets.get_budget(ProviderKind.META, account, calls_per_hour=20)
        with clock.frozen(NOON):
            for _ in range(calls):
                await budget.spend(insights)
    with clock.frozen(NOON + timedelta(minutes=14)):
        found = by_gauge(await measure_budgets(services))[SCARCE_BUDGETS]
    assert {labels: number for labels, number in found.items() if number} == {
        ("META", "ADS_INSIGHTS", "15-50%"): 1,
        ("META", "ADS_INSIGHTS", "0-15%"): 2,
    }
    assert len(found) == 12
    with clock.frozen(NOON + timedelta(minutes=16)):
        found = by_gauge(await measure_budgets(services))[SCARCE_BUDGETS]
    assert not any(found.values())
