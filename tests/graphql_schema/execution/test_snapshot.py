"""One request reads one moment over one connection, and gives it back however it ends."""

from __future__ import annotations

import asyncio
import gc
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import pytest

from app.metrics.levels import Level
from app.metrics.periods import Period
from app.metrics.ranges import DateRange, RangeSpec
from app.queries.lists.directory import SELLPAGES
from app.services.reads.metrics import MetricsReading, MetricsRequest
from app.services.reads.request_snapshot import RequestOverError
from graphql_schema.context import open_context
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from sqlalchemy.pool import QueuePool

    from tests.graphql_schema.small_world import SmallWorld

DAY = date(2026, 3, 1)


def pool_of(world: SmallWorld) -> QueuePool:
    return cast("QueuePool", world.services.database.app.sync_engine.pool)


def busy(world: SmallWorld) -> int:
    return pool_of(world).checkedout()


async def test_what_is_written_between_two_loads_is_not_seen(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    campaign = await tenant.add_campaign(await tenant.add_account())
    request = MetricsRequest(Level.CAMPAIGN, campaign.id, campaign.account, Period(RangeSpec(DateRange(DAY, DAY))))

    async with open_context(world.services, tenant.claims()) as context:
        before = await context.reading.load_entities(Level.CAMPAIGN, [campaign.id])
        await world.write("UPDATE campaigns SET name = 'renamed' WHERE id = $1", campaign.id)
        await tenant.add_day(campaign, DAY, spend_micros=1)
        metrics = await context.reading.load_metrics([request])
        after = await context.reading.load_entities(Level.CAMPAIGN, [campaign.id])
        assert busy(world) == 1
        await context.start_over()
        later = await context.reading.load_metrics([request])

    assert before == after
    assert [found.has_data for found in metrics if isinstance(found, MetricsReading)] == [False]
    assert [found.counters.spend_micros for found in later if isinstance(found, MetricsReading)] == [1]
    assert busy(world) == 0


async def test_nothing_is_opened_before_something_is_read(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    async with open_context(world.services, tenant.claims()) as context:
        result = await schema.execute("{ metricDefinitions { name } __typename }", context_value=context)
        assert result.errors is None
        assert busy(world) == 0


async def test_many_questions_at_once_share_one_connection(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    async with open_context(world.services, tenant.claims()) as context:
        found = await asyncio.gather(*(context.reading.load_rows(SELLPAGES, []) for _ in range(20)))
        assert busy(world) == 1

    assert found == [[]] * 20


async def test_the_connection_comes_back_from_a_failed_operation(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    await tenant.refusal("{ viewer { role } campaigns(first: 0) { totalCount } }")
    for _ in range(10):  # turns of the loop, for a resolver that was left behind
        await asyncio.sleep(0)
    gc.collect()  # a connection that was lost would warn now
    assert busy(world) == 0


async def test_a_request_that_ends_while_its_connection_is_made_loses_none(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    async with open_context(world.services, tenant.claims()) as context:
        asked = asyncio.create_task(context.reading.load_rows(SELLPAGES, []))
        for _ in range(10):  # turns of the loop: it is connecting by now
            await asyncio.sleep(0)
        asked.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asked
    gc.collect()  # a connection that was lost would warn now
    assert (pool_of(world).checkedout(), pool_of(world).checkedin()) == (0, 1)


async def test_a_cancelled_request_cancels_its_statement_and_gives_the_connection_back(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    started = asyncio.Event()

    async def sleep_long(driver: Any) -> None:
        started.set()
        await driver.fetch("SELECT pg_sleep(60) WHERE $1::text IS NOT NULL", "seller_id")

    async def request() -> None:
        async with open_context(world.services, tenant.claims()) as context:
            await asyncio.shield(asyncio.ensure_future(context.reading._snapshot.ask(sleep_long)))

    task = asyncio.create_task(request())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await task

    assert busy(world) == 0


async def test_nothing_is_read_for_a_request_that_is_over(world: SmallWorld) -> None:
    tenant = await world.add_seller("acme")
    async with open_context(world.services, tenant.claims()) as context:
        reading = context.reading

    with pytest.raises(RequestOverError, match="the request is over"):
        await reading.load_rows(SELLPAGES, [])
    with pytest.raises(RequestOverError, match="the request is over"):
        _ = context.loaders
    assert busy(world) == 0
