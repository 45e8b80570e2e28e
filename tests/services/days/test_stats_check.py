"""The check finds whatever is spoilt behind the syncs' back; its repair leaves nothing spoilt that can be proven."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import NotFoundError
from app.identifiers import new_id
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.insight_rows import rows_of
from app.queries.sellers import NewSellpage, assign_campaigns, insert_sellpages, insert_strategy
from app.queries.stats.check import Difference, Facts
from app.services.days import stats_check
from app.services.days.stats_check import check_stats
from app.services.stats.day_content import content_hash
from tests.services.days_at_hand import ad_row, writer_of
from tests.services.invariants import check_invariants, list_differences
from tests.services.shop import TODAY, YESTERDAY, account, add_seller, sandbox_for
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.providers.contract import InsightRow
    from app.services.context import Services
    from app.services.days.stats_check import Finding
    from tests.services.shop import Shop

OLDEST = TODAY - timedelta(days=2)
_DAILY = "SELECT t::text FROM ad_stats_daily AS t ORDER BY 1"
_EVERYTHING = """
SELECT t::text FROM ad_stats_daily AS t
UNION ALL SELECT t::text FROM ad_stats_raw AS t
UNION ALL SELECT t::text FROM sellpage_stats_daily AS t
ORDER BY 1
"""
_HASHES = "SELECT count(*) FROM stats_fetches WHERE content_hash IS NULL"


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    """Synced, with a landing page for each of its two campaigns."""
    with sandbox_for(services, await add_seller(services)) as opened:
        await opened.connect()
        await give_sellpages(opened)
        await opened.sync()
        yield opened


async def give_sellpages(shop: Shop) -> None:
    campaigns = await shop.mapping("SELECT external_id, id FROM campaigns")
    strategy, now = new_id(), clock.now()
    pages = [NewSellpage(id=new_id(), name=each, url=f"https://{each}.example") for each in campaigns]
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await insert_sellpages(driver, shop.seller_id, pages, now=now)
        await insert_strategy(driver, shop.seller_id, strategy_id=strategy, name="s", description="", now=now)
        chosen = [(campaigns[page.name], page.id, strategy) for page in pages]
        await assign_campaigns(driver, shop.seller_id, chosen, now=now)


async def spoil(shop: Shop, statement: str, *arguments: object) -> None:
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        assert await driver.execute(statement, *arguments) != "UPDATE 0"


async def everything(shop: Shop) -> list[tuple[object, ...]]:
    return await shop.rows(_EVERYTHING)


async def check(services: Services, *, slug: str | None = None, repair: bool = False) -> list[Finding]:
    return [finding async for finding in check_stats(services, seller_slug=slug, repair=repair)]


async def repair(shop: Shop) -> tuple[int, int]:
    """What was repaired, and what is left."""
    findings = await check(shop.services, repair=True)
    return sum(each.repaired for each in findings), sum(each.differences.total for each in findings)


async def test_what_was_synced_agrees(shop: Shop) -> None:
    (finding,) = await check(shop.services)
    assert finding.seller.slug == "shop"
    assert finding.days == (OLDEST, TODAY)
    assert finding.differences == (0, [])
    assert finding.repaired == 0
    assert finding.reconciliation == (0, [])


async def test_a_daily_row_that_is_not_the_newest_snapshot(shop: Shop) -> None:
    ad = await shop.value("SELECT id FROM ads WHERE external_id = '1111'")
    before = await shop.rows(_DAILY)
    row = "SELECT account_id, fetched_at FROM ad_stats_daily WHERE entity_id = $1 AND stat_date = $2"
    account_id, fetched_at = (await shop.rows(row, ad, YESTERDAY))[0]
    await spoil(
        shop, "UPDATE ad_stats_daily SET spend_micros = 1 WHERE entity_id = $1 AND stat_date = $2", ad, YESTERDAY
    )
    true = Counters(30_000_000, 700, 7, 6, 5, 4, 3, 20_000_000)
    assert await list_differences(shop.services, shop.seller_id) == [
        Difference(
            table="ad_stats_daily",
            level=Level.AD,
            entity_id=ad,
            stat_date=YESTERDAY,
            currency=None,
            expected=Facts(true, account_id, fetched_at),
            found=Facts(true._replace(spend_micros=1), account_id, fetched_at),
        )
    ]
    assert await repair(shop) == (1, 0)
    assert await shop.rows(_DAILY) == before
    assert await shop.value(_HASHES) == 1
    assert await list_differences(shop.services, shop.seller_id) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ad_stats_daily SET purchase_value_micros = purchase_value_micros + 1 WHERE level = 2",
        "UPDATE ad_stats_daily SET fetched_at = fetched_at + interval '1 second' WHERE level = 1",
        "UPDATE ad_stats_daily SET account_id = entity_id WHERE level = 3",
        "UPDATE ad_stats_daily SET impressions = 0",
        "UPDATE ad_stats_daily SET stat_date = stat_date - 1 WHERE level = 1 AND spend_micros = 10000000",
        "UPDATE sellpage_stats_daily SET purchases = purchases + 1",
        "UPDATE sellpage_stats_daily SET currency = 'EUR'",
        "UPDATE sellpage_stats_daily SET stat_date = stat_date - 30",
        "DELETE FROM sellpage_stats_daily",
    ],
)
async def test_whatever_is_spoilt_is_found_and_repaired(shop: Shop, statement: str) -> None:
    before = await everything(shop)
    await spoil(shop, statement)
    assert await list_differences(shop.services, shop.seller_id) != []
    repaired, left = await repair(shop)
    assert repaired > 0
    if "stat_date - 1 " in statement:  # a day that nobody fetched: nothing proves that there was nothing
        assert left == 1
        return
    assert left == 0
    assert await everything(shop) == before
    await check_invariants(shop.services, shop.seller_id)


async def test_a_row_that_no_snapshot_speaks_of_becomes_nothing(shop: Shop) -> None:
    ghost = await shop.value("SELECT id FROM ads WHERE external_id = '1121'")
    await spoil(
        shop,
        "UPDATE ad_stats_daily SET entity_id = $1 WHERE entity_id = (SELECT id FROM ads WHERE external_id = '1112')",
        ghost,
    )
    found = await list_differences(shop.services, shop.seller_id)
    assert [(each.entity_id == ghost, each.expected is None, each.found is None) for each in found] in (
        [(True, True, False), (False, False, True)],
        [(False, False, True), (True, True, False)],
    )
    assert await repair(shop) == (2, 0)
    rows = "SELECT spend_micros, impressions FROM ad_stats_daily WHERE entity_id = $1 AND stat_date = $2"
    assert await shop.rows(rows, ghost, YESTERDAY) == [(0, 0)]
    assert await shop.rows(rows.replace("daily", "raw"), ghost, YESTERDAY) == [(0, 0)]
    await check_invariants(shop.services, shop.seller_id)


async def test_days_whose_snapshots_are_not_kept_are_not_compared(shop: Shop) -> None:
    await spoil(shop, "UPDATE ad_stats_daily SET impressions = 1 WHERE level = 3")
    settings = shop.services.settings.model_copy(update={"raw_retention_days": 1})
    short = replace(shop.services, settings=settings)
    assert {each.stat_date for each in await list_differences(short, shop.seller_id)} == {YESTERDAY, TODAY}
    assert await repair(replace(shop, services=short)) == (3, 0)
    assert {each.stat_date for each in await list_differences(shop.services, shop.seller_id)} == {OLDEST}


async def test_totals_are_compared_unless_they_are_known_to_be_behind(shop: Shop) -> None:
    assert await shop.rows("SELECT * FROM seller_stats_daily") == []
    assert await list_differences(shop.services, shop.seller_id) == []  # all three days are noted as behind
    await spoil(shop, "DELETE FROM stale_days WHERE stat_date = $1", YESTERDAY)
    (missing,) = await list_differences(shop.services, shop.seller_id)
    assert (missing.table, missing.level, missing.stat_date, missing.currency, missing.found) == (
        "seller_stats_daily",
        None,
        YESTERDAY,
        "USD",
        None,
    )
    assert missing.expected == Facts(Counters(45_000_000, 1000, 8, 6, 5, 4, 3, 20_000_000), None, None)
    await fetch_work(shop.services, "UPDATE jobs SET state = 'CANCELLED' WHERE kind = 'refresh' RETURNING 1")
    assert await repair(shop) == (1, 0)
    assert len(await fetch_work(shop.services, "SELECT 1 FROM jobs WHERE kind = 'refresh' AND state = 'QUEUED'")) == 1
    assert await shop.value("SELECT count(*) FROM stale_days") == 3


async def test_a_campaign_that_is_not_the_sum_of_its_ads_is_told_and_is_no_fault(shop: Shop) -> None:
    async with writer_of(shop, await shop.value("SELECT id FROM fb_connections")) as writer:
        await writer.write([ad_row("1121", TODAY, Counters(2_000_000, 90, 1))])
    (finding,) = await check(shop.services)
    assert finding.differences.total == 0
    (told,) = finding.reconciliation.first
    assert told.expected == Facts(Counters(2_000_000, 90, 1), None, None)
    assert told.found == Facts(Counters(3_000_000, 90, 1), None, None)
    assert (told.level, told.stat_date, finding.reconciliation.total) == (Level.CAMPAIGN, TODAY, 1)


async def test_the_next_sync_after_a_repair_writes_only_what_changed(shop: Shop) -> None:
    await spoil(shop, "UPDATE ad_stats_daily SET impressions = 1 WHERE level = 3")
    await repair(shop)
    assert await shop.value(_HASHES) == 3
    snapshots = await shop.value("SELECT count(*) FROM ad_stats_raw")
    await shop.sync()
    assert await shop.value("SELECT count(*) FROM ad_stats_raw") == snapshots
    assert await shop.value(_HASHES) == 0
    await check_invariants(shop.services, shop.seller_id)


async def test_a_repair_and_syncs_at_once_lose_nothing(shop: Shop) -> None:
    connection_id = await shop.value("SELECT id FROM fb_connections")
    async with writer_of(shop, connection_id) as writer:
        for turn in range(1, 9):
            await spoil(shop, "UPDATE ad_stats_daily SET impressions = impressions + 1 WHERE level = 3")
            await asyncio.gather(repair(shop), writer.write([_turn(turn)]), repair(shop))
            numbers = "SELECT spend_micros, impressions FROM ad_stats_daily WHERE level = 3 AND stat_date = $1"
            ads = " AND entity_id = (SELECT id FROM ads WHERE external_id = '1111')"
            assert await shop.rows(numbers + ads, TODAY) == [(turn, turn)]
            assert await list_differences(shop.services, shop.seller_id) == []
        hashes = "SELECT content_hash FROM stats_fetches WHERE level = 3 AND stat_date = $1"
        assert (await shop.rows(hashes, TODAY))[0][0] in (None, content_hash(rows_of([_turn(8)])))
    await check_invariants(shop.services, shop.seller_id)


def _turn(number: int) -> InsightRow:
    return ad_row("1111", TODAY, Counters(number, number))


async def test_sellers_are_gone_through_page_by_page(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats_check, "SELLERS_A_PAGE", 2)
    monkeypatch.setattr(stats_check, "DAYS_AT_ONCE", 2)
    ids: list[UUID] = []
    for name in ("a", "b", "c", "d"):
        ids.append(await add_seller(services, name))
        if name == "c":
            continue  # has no statistics at all
        with sandbox_for(services, ids[-1], account()) as shop:
            await shop.connect()
            await shop.sync()
    findings = await check(services)
    assert [(each.seller.slug, each.days) for each in findings] == [
        (name, days) for name in ("a", "b", "d") for days in ((OLDEST, YESTERDAY), (TODAY, TODAY))
    ]
    assert {each.seller.slug for each in await check(services, slug="b")} == {"b"}
    with pytest.raises(NotFoundError):
        await check(services, slug="nobody")


async def test_much_that_differs_is_counted_and_only_the_first_is_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats_check, "NAMED_DIFFERENCES", 3)
    await spoil(shop, "UPDATE ad_stats_daily SET impressions = 1")
    (finding,) = await check(shop.services)
    assert (finding.differences.total > 16, len(finding.differences.first)) == (True, 3)
    assert await repair(shop) == (finding.differences.total, 0)
