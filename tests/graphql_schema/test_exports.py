"""What an export asks of the database, and that it gives its connection back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from app.clock import now
from app.services.reads import exports as exporting
from app.services.reads.exports import open_exporter
from app.services.reads.request_snapshot import RequestOverError
from graphql_schema.context import Context
from graphql_schema.exports import columns_of, open_export, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.graphql_schema.small_world import SmallWorld, Tenant

    CountStatements = Callable[[SmallWorld], AbstractContextManager[list[str]]]

CAMPAIGNS, DAYS = 5, 3


async def _tenant(world: SmallWorld) -> Tenant:
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    for _ in range(CAMPAIGNS):
        campaign = await tenant.add_campaign(account)
        for back in range(DAYS):
            await tenant.add_day(campaign, (now() - timedelta(days=back)).date(), spend_micros=1_000_000)
    return tenant


async def _export(world: SmallWorld, tenant: Tenant, **arguments: object) -> list[dict[str, Any]]:
    context = Context(world.services, tenant.claims())
    async with open_exporter(world.services, seller_id=tenant.seller_id, user_id=tenant.user_id) as exporter:
        assert await open_export(exporter, context, "campaigns", arguments) == []
        names = [column.name for column in columns_of("campaigns")]
        rows: list[dict[str, Any]] = []
        while found := await exporter.read():
            rows += [dict(zip(names, row, strict=True)) for one in found for row in rows_of("campaigns")(one)]
    return rows


@pytest.mark.parametrize(("at_once", "parts"), [(2, 3), (5, 1), (200, 1)])
async def test_each_part_takes_one_statement_for_totals_and_two_for_series(
    world: SmallWorld, count_statements: CountStatements, monkeypatch: pytest.MonkeyPatch, at_once: int, parts: int
) -> None:
    tenant = await _tenant(world)
    monkeypatch.setattr(exporting, "ENTITIES_AT_ONCE", at_once)
    await _export(world, tenant, granularity="DAY")  # the driver learns the types of the arguments

    with count_statements(world) as by_day:
        assert len(await _export(world, tenant, granularity="DAY")) == CAMPAIGNS * DAYS
    with count_statements(world) as totals:
        assert [row["spend"] for row in await _export(world, tenant)] == ["3.00"] * CAMPAIGNS
    # One more for the accounts; the list's own is a cursor's, which the driver tells nobody of.
    assert (len(by_day), len(totals)) == (1 + 2 * parts, 1 + parts)


async def test_the_connection_is_given_back_when_nothing_was_read(world: SmallWorld) -> None:
    tenant = await _tenant(world)
    context = Context(world.services, tenant.claims())
    pool = cast("Any", world.services.database.app.pool)
    async with open_exporter(world.services, seller_id=tenant.seller_id, user_id=tenant.user_id) as exporter:
        assert await open_export(exporter, context, "campaigns", {}) == []
        assert pool.checkedout() == 1
    assert pool.checkedout() == 0
    with pytest.raises(RequestOverError):
        await exporter.read()
