"""What every provider promises, asked of each: Meta's client against the sandbox over HTTP, and the mock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app import clock
from app.metrics.counters import ZERO, Counters
from app.metrics.levels import Level
from app.providers.contract import AccountRecord, AdProvider, EntityStatus, InsightRow, StatusRecord
from app.providers.meta.calls.page_size import PageSizes
from app.providers.meta.provider import MetaProvider
from app.providers.mock.ledger import InMemoryLedger
from app.providers.mock.plan import plan_account
from app.providers.mock.provider import MockProvider
from app.providers.sandbox.application import create_sandbox
from app.providers.sandbox.world.worlds import DEMO_ACCESS_TOKEN, DEMO_ACCOUNT_ID, demo_world
from tests.providers.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from typing import TypeVar

    import httpx

    Item = TypeVar("Item")

ENTITY_LEVELS = (Level.CAMPAIGN, Level.ADSET, Level.AD)


def mock_provider() -> MockProvider:
    account = AccountRecord(external_id="act_7", name="North", time_zone="Asia/Ho_Chi_Minh", currency="USD")
    plan = plan_account("act_7", joined_on=clock.today_in("UTC"), campaigns=30)
    return MockProvider(seller_id="s", account=account, plan=plan, ledger=InMemoryLedger())


@pytest.fixture(params=["mock", "meta"])
async def provider(request: pytest.FixtureRequest, http_client: httpx.AsyncClient) -> AsyncIterator[AdProvider]:
    if request.param == "mock":
        yield mock_provider()
        return
    async with serving(create_sandbox(demo_world())) as url:
        yield MetaProvider(
            http_client,
            graph_url=url,
            api_version="v26.0",
            account_external_id=f"act_{DEMO_ACCOUNT_ID}",
            access_token=SecretStr(DEMO_ACCESS_TOKEN),
            page_size=40,
        )


async def collect(pages: AsyncIterator[Iterable[Item]]) -> list[Item]:
    return [item async for page in pages for item in page]


async def statuses(provider: AdProvider, level: Level) -> dict[str, StatusRecord]:
    return {record.external_id: record for record in await collect(provider.list_statuses(level))}


async def past_rows(provider: AdProvider, level: Level) -> list[InsightRow]:
    """A fortnight that ended three days ago, so that the clock moves no number."""
    until = clock.now().date() - timedelta(days=3)
    return await collect(provider.read_insights(level, until - timedelta(days=13), until))


def totals_by_day(rows: list[InsightRow]) -> dict[str, Counters]:
    totals: dict[str, Counters] = {}
    for row in rows:
        day = row.stat_date.isoformat()
        totals[day] = totals.get(day, ZERO).plus(row.counters)
    return totals


async def test_every_parent_is_listed_and_every_id_is_unique(provider: AdProvider) -> None:
    campaigns = await collect(provider.list_campaigns())
    adsets = await collect(provider.list_adsets())
    ads = await collect(provider.list_ads())
    campaign_of = {adset.external_id: adset.campaign_external_id for adset in adsets}

    assert len({record.external_id for record in (*campaigns, *adsets, *ads)}) == len(campaigns + adsets + ads)
    assert set(campaign_of.values()) == {campaign.external_id for campaign in campaigns}
    assert {ad.adset_external_id for ad in ads} == set(campaign_of)
    assert all(campaign_of.get(ad.adset_external_id or "") == ad.campaign_external_id for ad in ads)
    assert EntityStatus.ARCHIVED in {campaign.status for campaign in campaigns}
    assert all((record.budget_micros is None) == (record.budget_type is None) for record in (*campaigns, *adsets))
    assert any(record.budget_micros for record in campaigns)


async def test_a_status_listing_says_what_the_full_one_says(provider: AdProvider) -> None:
    campaigns = await collect(provider.list_campaigns())
    adsets = await collect(provider.list_adsets())
    ads = await collect(provider.list_ads())

    assert await statuses(provider, Level.CAMPAIGN) == {
        full.external_id: StatusRecord(external_id=full.external_id, status=full.status, delivery=full.delivery)
        for full in campaigns
    }
    assert await statuses(provider, Level.ADSET) == {
        full.external_id: StatusRecord(
            external_id=full.external_id,
            status=full.status,
            delivery=full.delivery,
            campaign_external_id=full.campaign_external_id,
        )
        for full in adsets
    }
    assert await statuses(provider, Level.AD) == {
        full.external_id: StatusRecord(
            external_id=full.external_id,
            status=full.status,
            delivery=full.delivery,
            adset_external_id=full.adset_external_id,
            campaign_external_id=full.campaign_external_id,
        )
        for full in ads
    }


async def test_the_account_is_the_sum_of_its_campaigns_day_by_day(provider: AdProvider) -> None:
    account = await past_rows(provider, Level.ACCOUNT)
    campaigns = await past_rows(provider, Level.CAMPAIGN)

    assert len(account) == 14
    assert {row.external_id for row in account} == {(await provider.get_account()).external_id}
    assert totals_by_day(account) == totals_by_day(campaigns)
    assert all(row.counters.spend_micros > 0 for row in account)


@pytest.mark.parametrize("level", ENTITY_LEVELS)
async def test_rows_name_listed_entities_once_a_day(provider: AdProvider, level: Level) -> None:
    rows = await past_rows(provider, level)
    keys = [(row.external_id, row.stat_date) for row in rows]

    assert len(keys) > 14
    assert len(set(keys)) == len(keys)
    assert {row.external_id for row in rows} <= set(await statuses(provider, level))
    assert await past_rows(provider, level) == rows


async def test_rows_name_the_parents_that_the_listings_name(provider: AdProvider) -> None:
    campaigns = {campaign.external_id: campaign.name for campaign in await collect(provider.list_campaigns())}
    adsets = {adset.external_id: adset for adset in await collect(provider.list_adsets())}
    ads = {ad.external_id: ad for ad in await collect(provider.list_ads())}

    [account, *_] = await past_rows(provider, Level.ACCOUNT)
    assert account.name == (await provider.get_account()).name
    for row in await past_rows(provider, Level.CAMPAIGN):
        assert row.name == campaigns[row.external_id]
        assert (row.campaign_external_id, row.campaign_name) == (None, None)
    for row in await past_rows(provider, Level.ADSET):
        parent = adsets[row.external_id].campaign_external_id or ""
        assert row.name == adsets[row.external_id].name
        assert (row.campaign_external_id, row.campaign_name) == (parent, campaigns[parent])
        assert (row.adset_external_id, row.adset_name) == (None, None)
    for row in await past_rows(provider, Level.AD):
        ad = ads[row.external_id]
        adset, campaign = ad.adset_external_id or "", ad.campaign_external_id or ""
        assert row.name == ad.name
        assert (row.campaign_external_id, row.campaign_name) == (campaign, campaigns[campaign])
        assert (row.adset_external_id, row.adset_name) == (adset, adsets[adset].name)


@pytest.mark.parametrize("level", ENTITY_LEVELS)
async def test_a_refused_id_stops_no_other_and_history_stays(provider: AdProvider, level: Level) -> None:
    before = await statuses(provider, level)
    history = await past_rows(provider, Level.AD)
    active = [
        external_id
        for external_id, record in before.items()
        if record.status is EntityStatus.ACTIVE and record.delivery.effective_status == "ACTIVE"
    ][:2]
    ended = [
        external_id
        for external_id, record in before.items()
        if record.delivery.effective_status in {"ARCHIVED", "DELETED"}
    ][:1]
    outcomes = await provider.set_status(level, [active[0], "999", *ended, active[1]], EntityStatus.PAUSED)
    after = await statuses(provider, level)

    assert [outcome.external_id for outcome in outcomes] == [active[0], "999", *ended, active[1]]
    assert [outcome.accepted for outcome in outcomes] == [True, False, False, True]
    assert [outcome.error_code for outcome in outcomes[1:3]] == [100, 100]
    assert {external_id for external_id in after if after[external_id].status != before[external_id].status} == {
        *active
    }
    assert {after[external_id].delivery.effective_status for external_id in active} == {"PAUSED"}
    assert await past_rows(provider, Level.AD) == history

    assert all(outcome.accepted for outcome in await provider.set_status(level, active, EntityStatus.ACTIVE))
    assert await statuses(provider, level) == before


async def test_a_paused_parent_shows_in_its_children_only_as_effective(provider: AdProvider) -> None:
    campaigns = await statuses(provider, Level.CAMPAIGN)
    ads = await statuses(provider, Level.AD)
    ad = next(record for record in ads.values() if record.delivery.effective_status == "ACTIVE")
    assert ad.campaign_external_id in campaigns
    await provider.set_status(Level.CAMPAIGN, [ad.campaign_external_id or ""], EntityStatus.PAUSED)
    paused = (await statuses(provider, Level.AD))[ad.external_id]

    assert paused.status is EntityStatus.ACTIVE
    assert paused.delivery.effective_status == "CAMPAIGN_PAUSED"


async def test_heavy_pages_of_the_sandbox_are_read_in_smaller_ones(http_client: httpx.AsyncClient) -> None:
    async with serving(create_sandbox(demo_world())) as url:
        sizes = PageSizes()
        meta = MetaProvider(
            http_client,
            graph_url=url,
            api_version="v26.0",
            account_external_id=f"act_{DEMO_ACCOUNT_ID}",
            access_token=SecretStr(DEMO_ACCESS_TOKEN),
            page_sizes=sizes,
        )
        rows = await past_rows(meta, Level.AD)
        limit = {"rows": 100, "answer": "reduce", "edge": "insights"}
        (await http_client.post(f"{url}/sandbox/limits", json=limit)).raise_for_status()

        assert len(rows) > 100
        assert await past_rows(meta, Level.AD) == rows
        assert sizes.get_size(f"act_{DEMO_ACCOUNT_ID}", "insights/ad").value < 500
