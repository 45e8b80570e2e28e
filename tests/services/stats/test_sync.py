from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import TooMuchDataError
from app.identifiers import new_id
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.contract import InsightRow
from app.providers.insight_rows import rows_of
from app.providers.sandbox.world.dataset import AdDay, Delivered, Kind
from app.queries.connections.connections import find_connection
from app.queries.sellers import NewSellpage, assign_campaigns, insert_sellpages, insert_strategy
from app.queries.stats import writing as stats_writing
from app.queries.stats.writing import Snapshots
from app.services.jobs.new_jobs import StatsUnit
from app.services.stats.day_reading import read_rows
from tests.services.days_at_hand import ad_row, writer_of
from tests.services.invariants import check_invariants, count_live
from tests.services.jobs_at_hand import run_state
from tests.services.shop import TODAY, YESTERDAY, account, add_seller, entities, sandbox_for, three_days
from tests.services.working import fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import date
    from uuid import UUID

    from app.providers.contract import AdProvider, InsightRows
    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from tests.services.shop import Shop

OLDEST = TODAY - timedelta(days=2)
_DAYS = """
SELECT daily.stat_date, named.external_id, spend_micros, impressions, link_clicks, content_views, add_to_cart,
       checkout_initiated, purchases, purchase_value_micros
FROM ad_stats_daily AS daily
JOIN (
  SELECT id, external_id FROM fb_connections
  UNION ALL SELECT id, external_id FROM campaigns
  UNION ALL SELECT id, external_id FROM adsets
  UNION ALL SELECT id, external_id FROM ads
) AS named ON named.id = daily.entity_id
WHERE level = $1
ORDER BY 1, 2
"""
_STORED = "SELECT (SELECT count(*) FROM ad_stats_raw), (SELECT count(*) FROM ad_stats_daily)"
_UNTOUCHED = """
SELECT (SELECT max(xmin::text::bigint) FROM ad_stats_daily), (SELECT max(xmin::text::bigint) FROM sellpage_stats_daily)
"""
_READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'ad_stats_daily'"
RED = (50_000_000, 700, 7, 6, 5, 4, 3, 20_000_000)


async def give_sellpages(shop: Shop, **pages: str) -> dict[str, UUID]:
    """Landing pages by name; each value lists the external ids of its campaigns."""
    made = {name: new_id() for name in pages}
    campaigns = await shop.mapping("SELECT external_id, id FROM campaigns")
    strategy = new_id()
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        rows = [NewSellpage(id=made[name], name=name, url=f"https://{name}.example") for name in pages]
        now = clock.now()
        await insert_sellpages(driver, shop.seller_id, rows, now=now)
        await insert_strategy(driver, shop.seller_id, strategy_id=strategy, name="s", description="", now=now)
        chosen = [
            (campaigns[external_id], made[name], strategy) for name, ids in pages.items() for external_id in ids.split()
        ]
        await assign_campaigns(driver, shop.seller_id, chosen, now=now)
    return made


async def connection_of(shop: Shop, connection_id: UUID) -> Connection:
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        found = await find_connection(driver, seller_id=shop.seller_id, connection_id=connection_id)
    assert found is not None
    return found


async def test_what_meta_says_stands_in_daily_to_the_cent(shop: Shop) -> None:
    run = await shop.sync()
    assert await run_state(shop.services, run) == "SUCCEEDED"
    assert await shop.rows(_DAYS, Level.AD) == [
        (OLDEST, "1111", 10_000_000, 5000, 50, 40, 9, 6, 3, 123_450_000),
        (OLDEST, "1211", 2_000_000, 100, 2, 0, 0, 0, 0, 0),
        (YESTERDAY, "1111", 30_000_000, 700, 7, 6, 5, 4, 3, 20_000_000),
        (YESTERDAY, "1112", 15_000_000, 300, 1, 0, 0, 0, 0, 0),
        (TODAY, "1121", 3_000_000, 90, 1, 0, 0, 0, 0, 0),
    ]
    assert await shop.rows(_DAYS, Level.ADSET) == [
        (OLDEST, "111", 10_000_000, 5000, 50, 40, 9, 6, 3, 123_450_000),
        (OLDEST, "121", 2_000_000, 100, 2, 0, 0, 0, 0, 0),
        (YESTERDAY, "111", 45_000_000, 1000, 8, 6, 5, 4, 3, 20_000_000),
        (TODAY, "112", 3_000_000, 90, 1, 0, 0, 0, 0, 0),
    ]
    assert await shop.rows(_DAYS, Level.CAMPAIGN) == [
        (OLDEST, "11", 10_000_000, 5000, 50, 40, 9, 6, 3, 123_450_000),
        (OLDEST, "12", 2_000_000, 100, 2, 0, 0, 0, 0, 0),
        (YESTERDAY, "11", 45_000_000, 1000, 8, 6, 5, 4, 3, 20_000_000),
        (TODAY, "11", 3_000_000, 90, 1, 0, 0, 0, 0, 0),
    ]
    assert await shop.rows(_DAYS, Level.ACCOUNT) == [
        (OLDEST, "1", 12_000_000, 5100, 52, 40, 9, 6, 3, 123_450_000),
        (YESTERDAY, "1", 45_000_000, 1000, 8, 6, 5, 4, 3, 20_000_000),
        (TODAY, "1", 3_000_000, 90, 1, 0, 0, 0, 0, 0),
    ]
    assert await shop.rows("SELECT DISTINCT attribution_setting FROM ad_stats_raw") == [("7d_click_1d_view",)]
    written = await fetch_work(shop.services, "SELECT sum(rows_written)::int FROM jobs WHERE kind = 'stats'")
    assert written[0][0] == 16


async def test_syncing_again_writes_no_stats_row_at_all(shop: Shop) -> None:
    await give_sellpages(shop, shoes="11 12")
    await shop.sync()
    stored, touched = await shop.rows(_STORED), await shop.rows(_UNTOUCHED)
    fetched = await shop.value("SELECT min(fetched_at) FROM stats_fetches")
    run = await shop.sync()
    assert stored == [(16, 16)]
    assert await shop.rows(_STORED) == stored
    assert await shop.rows(_UNTOUCHED) == touched
    assert (await shop.value("SELECT min(fetched_at) FROM stats_fetches")) > fetched
    rows = await fetch_work(
        shop.services,
        "SELECT DISTINCT rows_written FROM jobs WHERE id IN (SELECT job_id FROM sync_run_jobs WHERE run_id = $1)",
        run,
    )
    assert [row[0] for row in rows] == [0]


async def test_a_restated_day_is_a_new_snapshot_and_daily_is_the_newest(shop: Shop) -> None:
    await shop.sync()
    days = three_days()
    days[YESTERDAY][0] = AdDay("1111", Delivered(2500, 690, 8, 7, 6, 5, 4, 3, 2000))
    with shop.when(account(days=days)) as restated:
        await restated.sync()
    assert (await shop.rows(_STORED)) == [(20, 16)]
    snapshots = "SELECT spend_micros FROM ad_stats_raw WHERE level = 3 AND stat_date = $1 AND impressions > 600"
    assert await shop.rows(snapshots + " ORDER BY fetched_at", YESTERDAY) == [(30_000_000,), (25_000_000,)]
    assert (await shop.rows(_DAYS, Level.CAMPAIGN))[2] == (YESTERDAY, "11", 40_000_000, 990, 8, 6, 5, 4, 3, 20_000_000)


def _snapshots(found: Sequence[tuple[UUID, date, Counters]]) -> Snapshots:
    """Without ratios or an attribution."""
    ids, days, counters = zip(*found, strict=True) if found else ((), (), ())
    columns = [[each[place] for each in counters] for place in range(len(Counters._fields))]
    return Snapshots(ids, days, columns, [None] * len(found), [None] * len(found))


async def test_an_older_fetch_that_arrives_late_changes_nothing(shop: Shop) -> None:
    await shop.sync()
    before = await shop.rows(_DAYS, Level.AD)
    connection = await connection_of(shop, await shop.value("SELECT id FROM fb_connections"))
    ad = await shop.value("SELECT id FROM ads WHERE external_id = '1111'")
    older = clock.now() - timedelta(hours=1)
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        days = await stats_writing.log_fetch(driver, connection, Level.AD, [OLDEST, TODAY], fetched_at=older)
        written = await stats_writing.write_snapshots(
            driver,
            connection,
            Level.AD,
            days,
            _snapshots([(ad, day, Counters(1, 1)) for day in days]),
            fetched_at=older,
            keep_raw_from=OLDEST,
        )
    assert (days, written) == ([], {})
    assert await shop.rows(_DAYS, Level.AD) == before


async def test_what_vanishes_from_a_day_becomes_nothing(shop: Shop) -> None:
    pages = await give_sellpages(shop, shoes="11", hats="12")
    await shop.sync()
    days = three_days()
    del days[OLDEST][1]
    with shop.when(account(days=days)) as without:
        await without.sync()
        await without.sync()
    assert (await shop.rows(_DAYS, Level.AD))[1] == (OLDEST, "1211", 0, 0, 0, 0, 0, 0, 0, 0)
    assert (await shop.rows(_DAYS, Level.ACCOUNT))[0][:3] == (OLDEST, "1", 10_000_000)
    assert await shop.rows(_STORED) == [(20, 16)]
    hats = "SELECT spend_micros, impressions FROM sellpage_stats_daily WHERE sellpage_id = $1"
    assert await shop.rows(hats, pages["hats"]) == [(0, 0)]


async def test_a_day_outside_the_range_is_left_alone(shop: Shop) -> None:
    await shop.sync()
    with shop.when(account(days={})) as idle:
        await idle.sync(days=1)
    assert len(await shop.rows(_DAYS, Level.AD)) == 5
    assert [row[2] for row in await shop.rows(_DAYS, Level.ACCOUNT)] == [12_000_000, 45_000_000, 0]


async def test_sellpages_add_up_their_campaigns(shop: Shop) -> None:
    pages = await give_sellpages(shop, shoes="11", hats="12")
    await shop.sync()
    roll_up = "SELECT stat_date, spend_micros, ad_source, currency FROM sellpage_stats_daily WHERE sellpage_id = $1"
    assert await shop.rows(f"{roll_up} ORDER BY 1", pages["shoes"]) == [
        (OLDEST, 10_000_000, "META", "USD"),
        (YESTERDAY, 45_000_000, "META", "USD"),
        (TODAY, 3_000_000, "META", "USD"),
    ]
    assert await shop.rows(roll_up, pages["hats"]) == [(OLDEST, 2_000_000, "META", "USD")]


async def test_an_entity_that_we_lack_is_fetched_and_its_rows_are_kept(shop: Shop) -> None:
    new = replace(entities()[2], id="1113", name="Yellow shoes")
    days = {**three_days(), TODAY: [AdDay("1113", Delivered(*RED))]}
    with shop.when(account(of=[*entities(), new], days=days)) as grown:
        run = await grown.sync(levels=[Level.AD])
        assert await run_state(shop.services, run) == "SUCCEEDED"
        assert (await grown.calls())["ads"] == 1
    assert await shop.value("SELECT name FROM ads WHERE external_id = '1113'") == "Yellow shoes"
    assert [row[1] for row in await shop.rows(_DAYS, Level.AD) if row[0] == TODAY] == ["1113"]


class OneDayAtATime:
    """A platform that calls more than a day too much."""

    def __init__(self) -> None:
        self.asked: list[tuple[date, date, int | None]] = []

    async def read_insights(
        self, level: Level, since: date, until: date, *, expected_rows: int | None = None
    ) -> AsyncIterator[InsightRows]:
        assert level is Level.AD
        self.asked.append((since, until, expected_rows))
        if since != until:
            raise TooMuchDataError("ask for less")
        yield rows_of([InsightRow(external_id="1", stat_date=since, counters=Counters(impressions=since.day))])


async def test_too_much_data_is_read_in_halves() -> None:
    platform = OneDayAtATime()
    rows = await read_rows(cast("AdProvider", platform), StatsUnit(Level.AD, OLDEST, TODAY), entities=7)
    assert [row.stat_date for row in rows] == [OLDEST, YESTERDAY, TODAY]
    assert platform.asked == [
        (OLDEST, TODAY, 21),
        (OLDEST, YESTERDAY, 14),
        (OLDEST, OLDEST, 7),
        (YESTERDAY, YESTERDAY, 7),
        (TODAY, TODAY, 7),
    ]


async def test_a_failure_in_the_middle_of_reading_writes_nothing(shop: Shop) -> None:
    await shop.arm({"match": {"edge": "insights"}, "code": 2, "http_status": 500, "transient": True, "times": None})
    run = await shop.sync(levels=[Level.AD])
    for _ in range(2):
        await make_all_due(shop.services)
        await work_until_idle(shop.services)
    assert await run_state(shop.services, run) == "FAILED"
    assert await shop.rows(_STORED) == [(0, 0)]
    assert await shop.rows("SELECT * FROM stats_fetches") == []


async def test_one_accounts_failure_does_not_stop_anothers(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, account("1"), account("2")) as shop:
        first, second = await shop.connect("1"), await shop.connect("2")
        await shop.arm(
            {"match": {"account": "act_1"}, "code": 190, "subcode": 463, "message": "expired", "times": None}
        )
        run = await shop.sync()
        assert await run_state(services, run) == "PARTIAL"
        states = "SELECT connection_id, state, count(*) FROM jobs WHERE kind = 'stats' GROUP BY 1, 2"
        assert {tuple(row) for row in await fetch_work(services, states)} == {
            (first, "FAILED", 4),
            (second, "SUCCEEDED", 4),
        }
        made = await shop.calls("1")
        health = "SELECT external_id, health, health_reason IS NOT NULL FROM fb_connections ORDER BY 1"
        assert await shop.rows(health) == [("1", "UNHEALTHY", True), ("2", "HEALTHY", False)]
        reason = await shop.value("SELECT health_reason FROM fb_connections WHERE external_id = '1'")
        assert reason == "Meta answered HTTP 400, code 190/463: (#190) expired"
        assert made["insights"] == 1  # the first job found it out; the others did not ask
        again = await shop.sync()
        assert await run_state(services, again) == "SUCCEEDED"
        assert await shop.calls("1") == made
    await check_invariants(services, seller_id)


async def test_a_throttled_account_is_left_in_peace_and_others_go_on(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, account("1"), account("2")) as shop:
        first, second = await shop.connect("1"), await shop.connect("2")
        usage = '{"1":[{"type":"ads_insights","estimated_time_to_regain_access":30}]}'
        await shop.arm(
            {
                "match": {"account": "act_1", "edge": "insights"},
                "code": 80000,
                "subcode": 2446079,
                "message": "too many calls",
                "headers": {"X-Business-Use-Case-Usage": usage},
            }
        )
        run = await shop.sync()
        jobs = await fetch_work(
            services,
            "SELECT connection_id, state, tries, round(extract(epoch FROM run_at - now()) / 60)::int AS minutes"
            " FROM jobs WHERE kind = 'stats'",
        )
        assert [tuple(row)[1:] for row in jobs if row["connection_id"] == first] == [("PARKED", 0, 30)] * 4
        assert {row["state"] for row in jobs if row["connection_id"] == second} == {"SUCCEEDED"}
        assert (await shop.calls("1"))["insights"] == 1
        assert await run_state(services, run) == "RUNNING"
        await make_all_due(services)
        await work_until_idle(shop.services)
        assert await run_state(services, run) == "SUCCEEDED"
        assert (await fetch_work(services, "SELECT DISTINCT tries FROM jobs WHERE kind = 'stats'"))[0][0] == 1
    await check_invariants(services, seller_id)


async def test_accounts_that_share_a_sellpage_lose_nothing_when_they_write_at_once(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, account("1"), account("2")) as shop:
        connections = [await connection_of(shop, await shop.connect(number)) for number in ("1", "2")]
        pages = await give_sellpages(shop, shoes="11 21")
        campaigns = await shop.mapping("SELECT external_id, id FROM campaigns")

        async def write(connection: Connection, turn: int) -> None:
            fetched_at = clock.now() + timedelta(seconds=turn)
            async with tenant_transaction(services.database.app, seller_id) as driver:
                counters = Counters(spend_micros=turn * 1_000_000, impressions=turn)
                snapshots = _snapshots([(campaigns[f"{connection.external_id}1"], TODAY, counters)])
                days = await stats_writing.log_fetch(driver, connection, Level.CAMPAIGN, [TODAY], fetched_at=fetched_at)
                await stats_writing.write_snapshots(
                    driver, connection, Level.CAMPAIGN, days, snapshots, fetched_at=fetched_at, keep_raw_from=TODAY
                )
                await stats_writing.roll_up_sellpages(
                    driver, seller_id=seller_id, sellpage_ids=list(pages.values()), days=days
                )

        for turn in range(1, 16):
            await asyncio.gather(*[write(connection, turn) for connection in connections])
            total = await shop.rows("SELECT spend_micros, impressions FROM sellpage_stats_daily")
            assert total == [(2 * turn * 1_000_000, 2 * turn)]
    await check_invariants(services, seller_id)


async def test_snapshots_older_than_the_retention_are_not_kept_but_their_days_are(services: Services) -> None:
    seller_id = await add_seller(services)
    old = TODAY - timedelta(days=50)
    with sandbox_for(services, seller_id, account(days={old: [AdDay("1111", Delivered(*RED))]})) as shop:
        await shop.connect()
        short = replace(shop, services=with_settings(shop.services, raw_retention_days=40))
        await short.sync(days=60, levels=[Level.AD])
        assert [row[:2] for row in await shop.rows(_DAYS, Level.AD)] == [(old, "1111")]
        assert await shop.rows(_STORED) == [(0, 1)]
        assert await count_live(services) == 0
    await check_invariants(with_settings(services, raw_retention_days=40), seller_id)


def with_settings(services: Services, **changes: object) -> Services:
    return replace(services, settings=services.settings.model_copy(update=changes))


async def test_an_account_without_a_campaign_that_moves_is_not_asked_for_numbers(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id, account(of=(), days={})) as shop:
        await shop.connect()
        run = await shop.sync()
        assert await run_state(services, run) == "SUCCEEDED"
        assert "insights" not in await shop.calls()
    await check_invariants(services, seller_id)


async def test_a_row_that_comes_twice_is_written_once(shop: Shop) -> None:
    async with writer_of(shop, await shop.value("SELECT id FROM fb_connections")) as writer:
        assert await writer.write([ad_row("1111", TODAY, Counters(spend, 1)) for spend in (1, 2)]) == (1, 1)
    assert (await shop.rows(_DAYS, Level.AD))[0][:4] == (TODAY, "1111", 2, 1)


class _UndoneError(Exception):
    """Rolls a transaction back."""


@pytest.mark.parametrize("impressions", [1, 2])
async def test_writing_a_day_reads_what_is_stored_of_that_day_alone(shop: Shop, impressions: int) -> None:
    days = [TODAY - timedelta(days=back) for back in range(60)]
    ads = ("1111", "1112", "1121", "1211")
    async with writer_of(shop, await shop.value("SELECT id FROM fb_connections")) as writer:
        await writer.write([ad_row(ad, day, Counters(1, 1)) for ad in ads for day in days], days=days[::-1])
        ids = await shop.mapping("SELECT external_id, id FROM ads")
        with suppress(_UndoneError):
            async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
                await driver.execute("SET LOCAL enable_seqscan = off")  # as with months of many accounts
                found = _snapshots([(ids[ad], TODAY, Counters(1, impressions)) for ad in ads])
                written = await stats_writing.write_snapshots(
                    driver, writer.connection, Level.AD, [TODAY], found, fetched_at=clock.now(), keep_raw_from=TODAY
                )
                assert written == ({TODAY: 4} if impressions > 1 else {})
                assert await driver.fetchval(_READ) <= 2 * len(ads)
                raise _UndoneError


_TEXTS = ("", "NULL", '"', "\\", '\\"', "{a,b}", " 7d_click, 1d_view ", "Größe\n\t'", None)


@pytest.mark.parametrize("text", _TEXTS)
async def test_text_of_a_snapshot_is_kept_as_it_came(shop: Shop, text: str | None) -> None:
    ratios = {} if text is None else {"cpm": "14.777595", text: text}
    row = ad_row("1111", TODAY, Counters(1, 1))._replace(attribution_setting=text, reported_ratios=ratios)
    async with writer_of(shop, await shop.value("SELECT id FROM fb_connections")) as writer:
        await writer.write([row])
    stored = "SELECT attribution_setting, reported_ratios FROM ad_stats_raw WHERE impressions = 1"
    [(setting, kept)] = await shop.rows(stored)
    assert (setting, kept or {}) == (text, ratios)


async def test_numbers_of_a_paused_campaign_still_count(services: Services) -> None:
    seller_id = await add_seller(services)
    paused = [replace(each, status="PAUSED") if each.kind is Kind.CAMPAIGN else each for each in entities()]
    with sandbox_for(services, seller_id, account(of=paused)) as shop:
        await shop.connect()
        await shop.sync(levels=[Level.CAMPAIGN])
        assert len(await shop.rows(_DAYS, Level.CAMPAIGN)) == 4
    await check_invariants(services, seller_id)
