from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app import clock
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.services.days import aggregation as daily_aggregation
from app.services.days.ingestion import enqueue_daily_backfill
from app.services.schedule.tick_taking import start_scheduled_job
from tests.services.shop import add_seller
from tests.services.stored_days import log_fetches, store
from tests.services.ticking import connect_mocks, do_all, states, tell, tick
from tests.services.working import fetch, fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    import pytest

    from app.database.driver import Driver
    from app.services.context import Services

DUE = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
AD = UUID(int=1)


async def end(services: Services, account: UUID, level: str, state: str, reason: str | None = None) -> None:
    """What became of one ingestion job."""
    query = """
    UPDATE jobs
    SET state = $3, error_reason = $4, ended_at = now()
    WHERE kind = 'ingestion' AND connection_id = $1 AND ($2 = '' OR unit ->> 'level' = $2) AND ended_at IS NULL
    RETURNING id
    """
    assert await fetch_work(services, query, account, level, state, reason)


async def aggregations(services: Services, seller_id: UUID) -> list[tuple[object, ...]]:
    query = "SELECT stat_date, connections, missing FROM daily_aggregations ORDER BY stat_date"
    return [tuple(row) for row in await fetch(services, seller_id, query)]


async def test_who_is_missing_is_part_of_the_result(services: Services) -> None:
    seller_id = await add_seller(services)
    fine, failing, sick, cancelled = await connect_mocks(services, seller_id, 4)
    sick_now = "UPDATE fb_connections SET health = 'UNHEALTHY', health_reason = 'the token has expired' WHERE id = $1"
    await tell(services, seller_id, sick_now, sick)
    with clock.frozen(DUE):
        await tick(services)
        await end(services, fine, "", "SUCCEEDED")
        await end(services, failing, "AD", "FAILED", "Meta: an unknown error")
        await end(services, failing, "", "SUCCEEDED")
        await end(services, cancelled, "CAMPAIGN", "CANCELLED")
        await end(services, cancelled, "", "SUCCEEDED")
        await do_all(services, "aggregation")
    assert await aggregations(services, seller_id) == [
        (
            DAY,
            4,
            [
                {"connection_id": str(failing), "name": "Mock 1", "reason": "Meta: an unknown error"},
                {"connection_id": str(sick), "name": "Mock 2", "reason": "the token has expired"},
                {"connection_id": str(cancelled), "name": "Mock 3", "reason": "its ingestion was cancelled"},
            ],
        )
    ]
    # What failed is done again and arrives; the result is the newest.
    with clock.frozen(DUE + timedelta(hours=1)):
        await enqueue_daily_backfill(services, seller_id=seller_id, from_date=DAY, to_date=DAY)
        for account in (fine, failing, cancelled):
            await end(services, account, "", "SUCCEEDED")
        await do_all(services, "aggregation")
    ((_, connections, missing),) = await aggregations(services, seller_id)
    assert (connections, missing) == (
        4,
        [{"connection_id": str(sick), "name": "Mock 2", "reason": "the token has expired"}],
    )


async def test_a_day_is_totalled_and_ranked_provisionally(services: Services) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    for level, entity in ((Level.ACCOUNT, account), (Level.AD, AD)):
        await store(services, seller_id, account, level, DAY, {entity: Counters(spend_micros=5)})
    await log_fetches(services, seller_id, account, [DAY], at=DUE)
    with clock.frozen(DUE):
        await tick(services)
        await end(services, account, "", "SUCCEEDED")
        await do_all(services, "aggregation")
    totals = "SELECT stat_date, spend_micros FROM seller_stats_daily"
    assert [tuple(row) for row in await fetch(services, seller_id, totals)] == [(DAY, 5)]
    boards = "SELECT level, metric, entity_ids, is_final, ranked_at FROM leaderboards WHERE metric = 'spend'"
    assert [tuple(row) for row in await fetch(services, seller_id, boards)] == [(3, "spend", [AD], False, DUE)]
    assert await aggregations(services, seller_id) == [(DAY, 1, [])]


async def test_an_error_of_ours_is_tried_twice_and_leaves_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller_id = await add_seller(services)
    (account,) = await connect_mocks(services, seller_id, 1)
    await store(services, seller_id, account, Level.ACCOUNT, DAY, {account: Counters(spend_micros=5)})

    async def fail(_driver: Driver, _seller_id: UUID, _day: date) -> None:
        raise LookupError("ours")

    monkeypatch.setattr(daily_aggregation, "list_outcomes", fail)
    with clock.frozen(DUE):
        await tick(services)
        await do_all(services, "aggregation")
        assert await states(services, "aggregation") == {"RETRYING": 1}
        query = "SELECT extract(epoch FROM run_at - now())::float8 FROM jobs WHERE kind = 'aggregation'"
        assert 4 < (await fetch_work(services, query))[0][0] <= 7
        await do_all(services, "aggregation")
    assert await states(services, "aggregation") == {"FAILED": 1}
    assert await aggregations(services, seller_id) == []
    assert await fetch(services, seller_id, "SELECT * FROM seller_stats_daily") == []


async def test_a_round_runs_to_its_end_by_itself(services: Services) -> None:
    seller_id = await add_seller(services)
    one, two = await connect_mocks(services, seller_id, 2, time_zone="UTC")
    await start_scheduled_job(services, "daily")
    await do_all(services, "tick")
    assert await states(services, "aggregation") == {"BLOCKED": 1}
    while await work_until_idle(services):
        await make_all_due(services)
    assert await states(services, "ingestion") == {"SUCCEEDED": 8}
    assert await states(services, "aggregation") == {"SUCCEEDED": 1}
    last = "SELECT kind FROM jobs WHERE kind IN ('ingestion', 'aggregation') ORDER BY ended_at DESC LIMIT 1"
    assert (await fetch_work(services, last))[0][0] == "aggregation"
    ((day, connections, missing),) = await aggregations(services, seller_id)
    assert (connections, missing) == (2, [])
    spend = "SELECT sum(spend_micros) FROM ad_stats_daily WHERE level = 0 AND stat_date = $1 AND entity_id = ANY($2)"
    total = "SELECT spend_micros FROM seller_stats_daily WHERE stat_date = $1"
    spent = (await fetch(services, seller_id, spend, day, [one, two]))[0][0]
    assert spent > 0
    assert [row[0] for row in await fetch(services, seller_id, total, day)] == [spent]
    boards = "SELECT count(*) FROM leaderboards WHERE stat_date = $1 AND metric = 'roas'"
    assert (await fetch(services, seller_id, boards, day))[0][0] == 3
