"""Numbers of entities that we lack, or that no listing of the platform names: none of them is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.database.transactions import tenant_transaction
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.contract import InsightRow
from app.providers.sandbox.world.dataset import Account, AdDay, Delivered
from app.services.jobs.new_jobs import AccountKey, delivery_job, structure_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, RunOrigin
from tests.services.days_at_hand import ad_row, writer_of
from tests.services.invariants import check_invariants
from tests.services.jobs_at_hand import run_state
from tests.services.oddities_at_hand import odd, play
from tests.services.shop import TODAY, YESTERDAY, account, add_seller, entities, sandbox_for
from tests.services.working import fetch_work, work_until_idle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from tests.services.shop import Shop

_TREE = """
SELECT 'campaign', external_id, name, status, delivery_status, delivery_reason, NULL FROM campaigns
UNION ALL
SELECT 'adset', adsets.external_id, adsets.name, adsets.status, adsets.delivery_status, adsets.delivery_reason,
       campaigns.external_id
FROM adsets JOIN campaigns ON campaigns.id = adsets.campaign_id
UNION ALL
SELECT 'ad', ads.external_id, ads.name, ads.status, ads.delivery_status, ads.delivery_reason,
       adsets.external_id || '/' || campaigns.external_id
FROM ads JOIN adsets ON adsets.id = ads.adset_id JOIN campaigns ON campaigns.id = ads.campaign_id
ORDER BY 2
"""
_NUMBERS = """
SELECT level, coalesce(campaigns.external_id, adsets.external_id, ads.external_id), spend_micros
FROM ad_stats_daily
LEFT JOIN campaigns ON campaigns.id = entity_id
LEFT JOIN adsets ON adsets.id = entity_id
LEFT JOIN ads ON ads.id = entity_id
WHERE level > 0
ORDER BY 1, 2
"""
GONE = ("DELETED", "UNKNOWN", "unnamed")
SPENT = Counters(spend_micros=3, impressions=2)


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    """The account's listings name one campaign, 12, and what is under it."""
    named = [each for each in entities() if each.id.startswith("12")]
    with sandbox_for(services, await add_seller(services), account(of=named, days={})) as opened:
        await opened.connect()
        yield opened
        await check_invariants(services, opened.seller_id)


async def sync_structure_of(shop: Shop, connection_id: UUID) -> None:
    await do(shop, structure_job(AccountKey(shop.seller_id, connection_id), priority=Priority.MANUAL))


async def sync_delivery_of(shop: Shop, connection_id: UUID) -> None:
    await do(shop, delivery_job(AccountKey(shop.seller_id, connection_id), priority=Priority.MANUAL))


async def do(shop: Shop, job: NewJob) -> None:
    request = RunRequest(seller_id=shop.seller_id, origin=RunOrigin.SYSTEM, reason="a test")
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await record_run(driver, request, [job])
    await work_until_idle(shop.services)


async def unnamed(shop: Shop) -> list[tuple[object, ...]]:
    return [row for row in await shop.rows(_TREE) if not str(row[1]).startswith("12")]


async def test_an_ad_that_no_listing_names_is_kept_with_its_parents(shop: Shop, connection_id: UUID) -> None:
    rows = [ad_row("1111", TODAY, SPENT), ad_row("1112", YESTERDAY, SPENT), ad_row("1211", TODAY, SPENT)]
    async with writer_of(shop, connection_id) as writer:
        assert await writer.write(rows, days=[YESTERDAY, TODAY]) == (2, 3)
        assert (await shop.calls())["ads"] == 2  # when the account was connected, and once for these
        assert await writer.write([ad_row("1111", TODAY, Counters(9))], days=[TODAY]) == (1, 2)
        assert (await shop.calls())["ads"] == 2
    assert await unnamed(shop) == [
        ("campaign", "11", "Campaign 11", *GONE, None),
        ("adset", "111", "Ad set 111", *GONE, "11"),
        ("ad", "1111", "Ad 1111", *GONE, "111/11"),
        ("ad", "1112", "Ad 1112", *GONE, "111/11"),
    ]
    assert await shop.rows(_NUMBERS) == [(3, "1111", 9), (3, "1112", 3), (3, "1211", 0)]


@pytest.mark.parametrize(
    ("level", "row", "kept"),
    [
        (
            Level.CAMPAIGN,
            InsightRow(external_id="11", name="Shoes", stat_date=TODAY, counters=SPENT),
            [("campaign", "11", "Shoes", *GONE, None)],
        ),
        (
            Level.ADSET,
            InsightRow(external_id="111", name="\u200b", stat_date=TODAY, counters=SPENT, campaign_external_id="11"),
            [("campaign", "11", "11", *GONE, None), ("adset", "111", "111", *GONE, "11")],
        ),
        (
            Level.ADSET,
            InsightRow(external_id="129", name="New", stat_date=TODAY, counters=SPENT, campaign_external_id="12"),
            [("adset", "129", "New", *GONE, "12")],
        ),
    ],
)
async def test_every_level_is_kept_by_its_own_rows(
    shop: Shop, connection_id: UUID, level: Level, row: InsightRow, kept: list[tuple[object, ...]]
) -> None:
    before = await shop.rows(_TREE)
    async with writer_of(shop, connection_id, level) as writer:
        assert await writer.write([row]) == (1, 1)
    assert [found for found in await shop.rows(_TREE) if found not in before] == kept
    assert await shop.rows(_NUMBERS) == [(level, row.external_id, 3)]


async def test_while_a_listing_is_refused_nobody_knows_what_it_would_name(shop: Shop, connection_id: UUID) -> None:
    await shop.arm({"match": {"edge": "ads"}, "times": None, "code": 100, "subcode": 2446289, "message": "Bad"})
    async with writer_of(shop, connection_id) as writer:
        await writer.write([ad_row("1111", TODAY, SPENT)])
    of_ad = "SELECT status, delivery_reason, archived_at IS NULL FROM ads WHERE external_id = '1111'"
    assert await shop.rows(of_ad) == [("UNKNOWN", "unnamed", True)]
    await shop.disarm()
    await sync_structure_of(shop, connection_id)
    assert await shop.rows(of_ad) == [("DELETED", "unnamed", False)]


OVER = ("INACTIVE", "completed")
NOT_OVER = ("UNKNOWN", "unnamed")
A_DAY = timedelta(days=1)
_DELIVERY = """
SELECT external_id, status, delivery_status, delivery_reason FROM adsets WHERE external_id IN ('111', '129')
UNION ALL
SELECT external_id, status, delivery_status, delivery_reason FROM ads WHERE external_id IN ('1111', '1219', '1299')
ORDER BY 1
"""


def with_ends(**ends: timedelta) -> Account:
    """The account, with what its listings name; those that are given by `_` and their ids end so long from now."""
    named = [each for each in entities() if each.id.startswith("12")]
    ended = {each.id: clock.now() + ends[f"_{each.id}"] for each in named if f"_{each.id}" in ends}
    return account(of=[replace(each, ends_at=ended.get(each.id)) for each in named], days={})


async def test_what_no_listing_names_is_over_with_its_campaign_and_runs_on_with_it(
    shop: Shop, connection_id: UUID
) -> None:
    async with writer_of(shop, connection_id) as writer:
        await writer.write([ad_row(each, TODAY, SPENT) for each in ("1111", "1219", "1299")])
    for ends, adset, under_121, under_129 in (
        ({"_12": -A_DAY}, OVER, OVER, OVER),
        ({"_12": A_DAY}, NOT_OVER, NOT_OVER, NOT_OVER),
        ({"_12": A_DAY, "_121": -A_DAY}, OVER, OVER, OVER),  # the only ad set that is listed ends its campaign
    ):
        with shop.when(with_ends(**ends)) as later:
            await sync_delivery_of(later, connection_id)
        assert await shop.rows(_DELIVERY) == [
            ("111", "DELETED", *NOT_OVER),
            ("1111", "DELETED", *NOT_OVER),
            ("1219", "DELETED", *under_121),
            ("129", "DELETED", *adset),
            ("1299", "DELETED", *under_129),
        ]


async def test_what_is_over_and_was_never_listed_is_still_given_up_or_taken_over(
    shop: Shop, connection_id: UUID
) -> None:
    refusal = {"match": {"edge": "adsets"}, "times": None, "code": 100, "subcode": 2446289, "message": "Bad"}
    of_adset = "SELECT status, delivery_status, delivery_reason FROM adsets WHERE external_id = '129'"
    row = InsightRow(external_id="129", name="New", stat_date=TODAY, counters=SPENT, campaign_external_id="12")
    with shop.when(with_ends(_12=-A_DAY)) as later:
        await later.arm(refusal)
        async with writer_of(later, connection_id, Level.ADSET) as writer:
            await writer.write([row])
        await sync_delivery_of(later, connection_id)
        assert await shop.rows(of_adset) == [("UNKNOWN", *OVER)]
        await later.disarm()
        await sync_structure_of(later, connection_id)
        assert await shop.rows(of_adset) == [("DELETED", *OVER)]
    found = [*with_ends(_12=-A_DAY).entities, replace(entities()[-2], id="129")]
    with shop.when(account(of=found, days={})) as later:
        await sync_structure_of(later, connection_id)
    assert await shop.rows(of_adset) == [("ACTIVE", *OVER)]
    assert await shop.rows("SELECT before FROM audit_events") == []


NOT_IDENTIFIED = odd("ads", "1211", "id", "null")
NOT_PLACED = odd("ads", "1211", "id", '"1219"') + odd("ads", "1219", "adset_id", "null")
NOT_SHOWN = '[[spoilt]]\nids = ["1211"]'


@pytest.mark.parametrize("scenario", [NOT_IDENTIFIED, NOT_PLACED, NOT_SHOWN])
async def test_while_a_listing_has_what_cant_be_kept_nothing_counts_as_deleted(
    shop: Shop, connection_id: UUID, scenario: str
) -> None:
    await play(shop, scenario)
    async with writer_of(shop, connection_id) as writer:
        await writer.write([ad_row("1111", TODAY, SPENT)])
    of_ad = "SELECT status, delivery_reason, archived_at IS NULL FROM ads WHERE external_id = '1111'"
    assert await shop.rows(of_ad) == [("UNKNOWN", "unnamed", True)]


async def test_a_listing_that_names_it_later_corrects_it(shop: Shop, connection_id: UUID) -> None:
    async with writer_of(shop, connection_id) as writer:
        await writer.write([ad_row("1111", TODAY, SPENT)])
    ids = await shop.mapping("SELECT external_id, id FROM ads")
    with shop.when(account()) as complete:
        await sync_structure_of(complete, connection_id)
    assert [row[:6] for row in await unnamed(shop) if row[1] in {"11", "111", "1111"}] == [
        ("campaign", "11", "Shoes", "ACTIVE", "ACTIVE", None),
        ("adset", "111", "Broad", "ACTIVE", "ACTIVE", None),
        ("ad", "1111", "Red shoes", "ACTIVE", "ACTIVE", None),
    ]
    found = await shop.mapping("SELECT external_id, id FROM ads")
    assert {external_id: found[external_id] for external_id in ids} == ids
    assert await shop.rows("SELECT archived_at, budget_micros FROM campaigns WHERE external_id = '11'") == [
        (None, 50_000_000)
    ]
    assert await shop.rows("SELECT * FROM audit_events") == []  # nobody ever set it to DELETED


async def test_what_the_account_deleted_is_kept_at_every_level(services: Services) -> None:
    """As a whole: Meta's insights go on reporting what its edges no longer list."""
    listed = [each for each in entities() if each.id.startswith("12")]
    days = {TODAY: [AdDay("1111", Delivered(300, 90, 1, 1)), AdDay("1211", Delivered(200, 100, 3, 2))]}
    with sandbox_for(services, await add_seller(services), account(of=listed, days={})) as shop:
        await shop.connect()
        with shop.when(account(days=days, unlisted=["11", "111", "1111"])) as deleted:
            for _ in range(2):
                run = await deleted.sync()
                assert await run_state(services, run) == "SUCCEEDED"
            assert (await deleted.calls())["ads"] <= 3  # at most one of each level, in the first round only
        assert await shop.rows("SELECT level, sum(spend_micros)::bigint FROM ad_stats_daily GROUP BY 1 ORDER BY 1") == [
            (level, 5_000_000) for level in Level
        ]
        await check_invariants(services, shop.seller_id)


async def test_levels_that_lack_entities_at_once_share_one_structure_sync(shop: Shop, connection_id: UUID) -> None:
    campaign = InsightRow(external_id="11", name="Shoes", stat_date=TODAY, counters=SPENT)
    adset = InsightRow(external_id="111", stat_date=TODAY, counters=SPENT, campaign_external_id="11")
    await shop.arm({"match": {"edge": "ads"}, "delay_seconds": 0.5})
    async with (
        writer_of(shop, connection_id, Level.CAMPAIGN) as campaigns,
        writer_of(shop, connection_id, Level.ADSET) as adsets,
        writer_of(shop, connection_id, Level.AD) as ads,
    ):
        at = campaigns.connection.created_at
        written = await asyncio.gather(
            campaigns.write([campaign], at=at),
            adsets.write([adset], at=at),
            ads.write([ad_row("1111", TODAY, SPENT)], at=at),
        )
    assert written == [(1, 1)] * 3
    assert (await shop.calls())[
        "ads"
    ] == 1  # that of the connecting, which began later than these numbers were asked for
    assert await shop.value("SELECT structure_job_id FROM fb_connections") is None


async def test_two_never_read_the_structure_at_once(shop: Shop, connection_id: UUID) -> None:
    campaign = InsightRow(external_id="11", name="Shoes", stat_date=TODAY, counters=SPENT)
    await shop.arm({"match": {"edge": "campaigns"}, "delay_seconds": 0.4, "times": None})
    async with (
        writer_of(shop, connection_id, Level.CAMPAIGN) as campaigns,
        writer_of(shop, connection_id, Level.AD) as ads,
    ):
        before = (await shop.calls())["campaigns"]
        await asyncio.gather(campaigns.write([campaign]), ads.write([ad_row("1111", TODAY, SPENT)]))
        assert (await shop.calls())["campaigns"] == before + 1
    assert [row[1] for row in await unnamed(shop)] == ["11", "111", "1111"]


async def test_the_turn_of_a_job_that_died_is_taken_over(shop: Shop, connection_id: UUID) -> None:
    async with writer_of(shop, connection_id) as dead:
        pass
    await shop.rows("UPDATE fb_connections SET structure_job_id = $1 RETURNING id", dead.lease.job.id)
    async with writer_of(shop, connection_id) as writer:
        assert await writer.write([ad_row("1111", TODAY, SPENT)]) == (1, 1)
    assert await shop.value("SELECT structure_job_id FROM fb_connections") is None
    assert await fetch_work(shop.services, "SELECT 1 FROM jobs WHERE state = 'RUNNING'") == []
