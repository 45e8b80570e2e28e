from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from app.errors import ProviderTransientError, TooMuchDataError, UnfinishedWalkError
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.contract import (
    AccountRecord,
    AccountStanding,
    AdProvider,
    AdRecord,
    AdsetRecord,
    BudgetType,
    CampaignRecord,
    DeliverySignals,
    EntityStatus,
    InsightRow,
    StatusRecord,
)
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from typing import TypeVar

    from app.providers.meta.provider import MetaProvider
    from tests.providers.conftest import ScriptedGraph

    Item = TypeVar("Item")

CAMPAIGN: dict[str, object] = {
    "id": "11",
    "name": "Spring",
    "status": "ACTIVE",
    "effective_status": "WITH_ISSUES",
    "issues_info": [{"level": "CAMPAIGN", "error_code": 1815869}],
    "daily_budget": "5050",
    "lifetime_budget": "0",
    "budget_remaining": "0",
    "start_time": "2026-03-01T00:00:00+0700",
    "stop_time": "2026-04-01T00:00:00+0700",
    "created_time": "2026-02-27T10:00:00+0000",
}
ADSET: dict[str, object] = {
    "id": "21",
    "campaign_id": "11",
    "name": "Buyers",
    "status": "PAUSED",
    "effective_status": "CAMPAIGN_PAUSED",
    "learning_stage_info": {"status": "LEARNING", "conversions": 7},
    "lifetime_budget": "123456",
    "budget_remaining": "1",
    "end_time": "1969-12-31T16:00:00-0800",
    "optimization_goal": "OFFSITE_CONVERSIONS",
    "targeting": {"geo_locations": {"custom_locations": [{"radius": 2.5}]}, "age_min": 21},
}
AD: dict[str, object] = {
    "id": "31",
    "adset_id": "21",
    "campaign_id": "11",
    "name": "Video",
    "status": "ARCHIVED",
    "effective_status": "ARCHIVED",
}
INSIGHT: dict[str, object] = {
    "ad_id": "31",
    "date_start": "2026-03-01",
    "date_stop": "2026-03-01",
    "spend": "5339.5",
    "impressions": "361324",
    "inline_link_clicks": "1045",
    "cpm": "14.777595",
    "ctr": "0.289214",
    "attribution_setting": "7d_click_1d_view",
}


async def collect(pages: AsyncIterator[Iterable[Item]]) -> list[Item]:
    return [item async for page in pages for item in page]


async def read_one(meta: MetaProvider, graph: ScriptedGraph, **changes: object) -> InsightRow:
    graph.answer_pages([{**INSIGHT, **changes}])
    [row] = await collect(meta.read_insights(Level.AD, date(2026, 3, 1), date(2026, 3, 1)))
    return row


def test_fulfils_the_contract(meta: MetaProvider) -> None:
    provider: AdProvider = meta

    assert repr(provider) == "MetaProvider(act_1001)"


@pytest.mark.parametrize(
    ("account_status", "standing"),
    [
        (1, AccountStanding.ACTIVE),
        (9, AccountStanding.GRACE_PERIOD),
        (2, AccountStanding.BLOCKED),
        (3, AccountStanding.BLOCKED),
        (8, AccountStanding.BLOCKED),
        (101, AccountStanding.BLOCKED),
    ],
)
async def test_account(
    meta: MetaProvider,
    graph: ScriptedGraph,
    account_status: int,
    standing: AccountStanding,
) -> None:
    graph.answer(
        {
            "id": "act_1001",
            "name": "North",
            "account_status": account_status,
            "currency": "VND",
            "timezone_name": "Asia/Ho_Chi_Minh",
        },
    )

    assert await meta.get_account() == AccountRecord(
        external_id="act_1001",
        name="North",
        time_zone="Asia/Ho_Chi_Minh",
        currency="VND",
        standing=standing,
    )
    [call] = graph.calls
    assert (call.method, call.path) == ("GET", "/v26.0/act_1001")
    assert call.query == {"fields": "id,name,account_status,currency,timezone_name"}


async def test_campaigns(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_pages([CAMPAIGN])
    starts, ends = datetime(2026, 2, 28, 17, tzinfo=UTC), datetime(2026, 3, 31, 17, tzinfo=UTC)

    assert await collect(meta.list_campaigns()) == [
        CampaignRecord(
            external_id="11",
            name="Spring",
            status=EntityStatus.ACTIVE,
            budget_micros=50_500_000,
            budget_type=BudgetType.DAILY,
            starts_at=starts,
            ends_at=ends,
            created_at=datetime(2026, 2, 27, 10, tzinfo=UTC),
            delivery=DeliverySignals(
                effective_status="WITH_ISSUES",
                starts_at=starts,
                ends_at=ends,
                has_issues=True,
                budget_exhausted=True,
            ),
        ),
    ]


async def test_adsets(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_pages([ADSET])

    assert await collect(meta.list_adsets()) == [
        AdsetRecord(
            external_id="21",
            campaign_external_id="11",
            name="Buyers",
            status=EntityStatus.PAUSED,
            optimization_goal="OFFSITE_CONVERSIONS",
            targeting={"geo_locations": {"custom_locations": [{"radius": 2.5}]}, "age_min": 21},
            budget_micros=1_234_560_000,
            budget_type=BudgetType.LIFETIME,
            delivery=DeliverySignals(effective_status="CAMPAIGN_PAUSED", learning="LEARNING"),
        ),
    ]


async def test_ads(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_pages([AD])

    assert await collect(meta.list_ads()) == [
        AdRecord(
            external_id="31",
            adset_external_id="21",
            campaign_external_id="11",
            name="Video",
            status=EntityStatus.ARCHIVED,
            delivery=DeliverySignals(effective_status="ARCHIVED"),
        ),
    ]


@pytest.mark.parametrize(
    ("level", "edge", "extra"),
    [
        (Level.CAMPAIGN, "campaigns", set[str]()),
        (Level.ADSET, "adsets", {"CAMPAIGN_PAUSED"}),
        (
            Level.AD,
            "ads",
            {
                "CAMPAIGN_PAUSED",
                "ADSET_PAUSED",
                "PENDING_REVIEW",
                "DISAPPROVED",
                "PREAPPROVED",
                "PENDING_BILLING_INFO",
            },
        ),
    ],
)
async def test_listings_ask_for_what_is_archived_and_deleted_too(
    meta: MetaProvider,
    graph: ScriptedGraph,
    level: Level,
    edge: str,
    extra: set[str],
) -> None:
    graph.answer_pages([])

    assert await collect(meta.list_statuses(level)) == []
    [call] = graph.calls
    assert call.path == f"/v26.0/act_1001/{edge}"
    assert call.query["limit"] == "500"
    everywhere = {"ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES"}
    assert set(json.loads(call.query["effective_status"])) == everywhere | extra
    assert not {"name", "targeting", "created_time"} & set(call.query["fields"].split(","))


async def test_statuses(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_pages([AD])

    assert await collect(meta.list_statuses(Level.AD)) == [
        StatusRecord(
            external_id="31",
            status=EntityStatus.ARCHIVED,
            delivery=DeliverySignals(effective_status="ARCHIVED"),
            adset_external_id="21",
            campaign_external_id="11",
        ),
    ]


async def test_accounts_have_no_status_listing(meta: MetaProvider, graph: ScriptedGraph) -> None:
    assert await collect(meta.list_statuses(Level.ACCOUNT)) == []
    assert graph.calls == []


@pytest.mark.parametrize(
    ("currency", "micros"),
    [("USD", 50_500_000), ("JPY", 5_050_000_000), ("HUF", 5_050_000_000), ("BHD", 50_500_000), ("UGX", 50_500_000)],
)
async def test_budgets_follow_the_offset_of_the_accounts_currency(
    meta_with_proof: MetaProvider,
    graph: ScriptedGraph,
    currency: str,
    micros: int,
) -> None:
    graph.answer({"account_status": 1, "currency": currency, "timezone_name": "UTC"})
    graph.answer_pages([CAMPAIGN])
    graph.answer_pages([])
    [campaign] = await collect(meta_with_proof.list_campaigns())
    await collect(meta_with_proof.list_adsets())

    assert campaign.budget_micros == micros
    assert [call.path.rpartition("/")[2] for call in graph.calls] == ["act_1001", "campaigns", "adsets"]


async def test_no_budget_of_its_own_is_none_and_never_exhausted(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_pages([{**CAMPAIGN, "daily_budget": "0", "budget_remaining": "0"}])
    [campaign] = await collect(meta.list_campaigns())

    assert (campaign.budget_micros, campaign.budget_type) == (None, None)
    assert campaign.delivery.budget_exhausted is False


async def test_pages_are_followed_by_cursor_to_the_absence_of_next(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer_pages([AD, {**AD, "id": "32"}], [], [{**AD, "id": "33"}])
    pages = [[ad.external_id for ad in page] async for page in meta.list_ads()]

    assert pages == [["31", "32"], ["33"]]
    assert [call.query.get("after") for call in graph.calls] == [None, "cursor1", "cursor2"]
    assert {call.path for call in graph.calls} == {"/v26.0/act_1001/ads"}
    assert len({call.query["fields"] for call in graph.calls}) == 1


async def test_a_cursor_that_stands_still_ends_the_walk(meta: MetaProvider, graph: ScriptedGraph) -> None:
    page: dict[str, object] = {"data": [AD], "paging": {"cursors": {"after": "same"}, "next": "x"}}
    graph.answer(page)
    graph.answer(page)

    with pytest.raises(UnfinishedWalkError, match=r"ads\.paging does not move on"):
        await collect(meta.list_ads())
    assert len(graph.calls) == 2


@pytest.mark.parametrize(
    ("code", "subcode", "message"),
    [
        (1, None, "Please reduce the amount of data you're asking for, then retry your request"),
        (100, None, "Please reduce the amount of data you're asking for, then retry your request"),
        (100, 1487534, "Too much data"),
        (100, 1504018, "Your request timed out"),
        (2, 1504038, "Your request timed out"),
    ],
)
async def test_a_page_too_heavy_is_halved_with_its_cursor_kept(
    meta: MetaProvider, graph: ScriptedGraph, code: int, subcode: int | None, message: str
) -> None:
    graph.answer({"data": [AD], "paging": {"cursors": {"after": "one"}, "next": "x"}})
    graph.answer_error(code, subcode, status=500, message=message)
    graph.answer_error(code, subcode, status=500, message=message)
    graph.answer({"data": [AD], "paging": {"cursors": {"after": "two"}, "next": "x"}})
    graph.answer({"data": [AD]})

    assert len(await collect(meta.list_ads())) == 3
    assert [(call.query["limit"], call.query.get("after")) for call in graph.calls] == [
        ("500", None),
        ("500", "one"),
        ("250", "one"),
        ("125", "one"),
        ("125", "two"),
    ]


async def test_a_page_that_stays_too_heavy_is_too_much_data(meta: MetaProvider, graph: ScriptedGraph) -> None:
    for _ in range(8):
        graph.answer_error(1, status=500, message="Please reduce the amount of data")

    with pytest.raises(TooMuchDataError):
        await collect(meta.list_ads())
    asked = [(call.query["limit"], call.query["fields"] == "id") for call in graph.calls]
    assert asked == [(size, False) for size in ("500", "250", "125", "62", "31", "25", "1")] + [("1", True)]
    assert graph.unused == 0


async def test_a_page_size_is_remembered_and_grows_back_after_five_good_pages(
    meta: MetaProvider,
    graph: ScriptedGraph,
) -> None:
    graph.answer_error(1, status=500, message="Please reduce the amount of data")
    graph.answer_error(1, status=500, message="Please reduce the amount of data")
    graph.answer_pages([AD], [AD], [AD])
    await collect(meta.list_ads())
    graph.answer_pages([{**CAMPAIGN}])
    await collect(meta.list_campaigns())
    graph.answer_pages(*[[{**AD, "id": str(number)}] for number in range(9)])
    await collect(meta.list_ads())

    limits = [(call.path.rpartition("/")[2], call.query["limit"]) for call in graph.calls]
    assert limits == [
        *[("ads", size) for size in ("500", "250", "125", "125", "125")],
        ("campaigns", "500"),
        *[("ads", size) for size in ("125", "125", "250", "250", "250", "250", "250", "500", "500")],
    ]


@pytest.mark.parametrize(
    ("level", "name", "id_field", "named"),
    [
        (Level.ACCOUNT, "account", "account_id", "account_id,account_name"),
        (Level.CAMPAIGN, "campaign", "campaign_id", "campaign_id,campaign_name"),
        (Level.ADSET, "adset", "adset_id", "adset_id,adset_name,campaign_id,campaign_name"),
        (Level.AD, "ad", "ad_id", "ad_id,ad_name,campaign_id,campaign_name,adset_id,adset_name"),
    ],
)
async def test_insights_ask_for_days_of_one_level(
    meta: MetaProvider,
    graph: ScriptedGraph,
    level: Level,
    name: str,
    id_field: str,
    named: str,
) -> None:
    graph.answer_pages([{"date_start": "2026-03-02", "date_stop": "2026-03-02", id_field: "1001"}])
    found = await collect(meta.read_insights(level, date(2026, 3, 1), date(2026, 3, 4)))

    assert found == [
        InsightRow(
            external_id="act_1001" if level is Level.ACCOUNT else "1001",
            stat_date=date(2026, 3, 2),
            counters=Counters(),
        ),
    ]
    [call] = graph.calls
    assert call.path == "/v26.0/act_1001/insights"
    assert call.query == {
        "level": name,
        "time_range": '{"since":"2026-03-01","until":"2026-03-04"}',
        "time_increment": "1",
        "limit": "1000",
        "fields": f"{named},date_start,date_stop,spend,impressions,inline_link_clicks,actions,action_values,"
        "attribution_setting,cpm,ctr,cpc,account_currency",
    }


NAMES: dict[str, object] = {
    "account_id": "1001",
    "account_name": "North",
    "campaign_id": "11",
    "campaign_name": "Spring",
    "adset_id": "21",
    "adset_name": "Buyers",
    "ad_name": "Video",
}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Level.ACCOUNT, ("act_1001", "North", None, None, None, None)),
        (Level.CAMPAIGN, ("11", "Spring", None, None, None, None)),
        (Level.ADSET, ("21", "Buyers", "11", "Spring", None, None)),
        (Level.AD, ("31", "Video", "11", "Spring", "21", "Buyers")),
    ],
)
async def test_a_row_names_its_entity_and_its_parents(
    meta: MetaProvider,
    graph: ScriptedGraph,
    level: Level,
    expected: tuple[str | None, ...],
) -> None:
    graph.answer_pages([{**INSIGHT, **NAMES}])
    [row] = await collect(meta.read_insights(level, date(2026, 3, 1), date(2026, 3, 1)))

    lineage = (row.campaign_external_id, row.campaign_name, row.adset_external_id, row.adset_name)
    assert (row.external_id, row.name, *lineage) == expected


async def test_strings_become_exact_integers(meta: MetaProvider, graph: ScriptedGraph) -> None:
    row = await read_one(meta, graph, spend="0.0000005", impressions="213434828")

    assert row.counters == Counters(spend_micros=1, impressions=213_434_828, link_clicks=1045)
    assert row.reported_ratios == {"cpm": "14.777595", "ctr": "0.289214"}
    assert row.attribution_setting == "7d_click_1d_view"


@pytest.mark.parametrize("odd", ["", "cheap", ["1"], "\ud83d"])
async def test_an_odd_ratio_costs_itself_alone_and_is_named(
    meta: MetaProvider, graph: ScriptedGraph, odd: object
) -> None:
    row = await read_one(meta, graph, cpm=odd)

    assert row.reported_ratios == {"ctr": "0.289214"}
    assert row.counters.spend_micros == 5_339_500_000
    [warning] = meta.warnings.list_warnings()
    assert (warning.subject, warning.sentence, warning.day, warning.count) == (
        Subject.INSIGHTS_ROW,
        "The platform's own cpm of the row can't be read and was left out.",
        row.stat_date,
        1,
    )
    [example] = warning.examples
    assert example.external_id == row.external_id


def actions(**values: str) -> list[dict[str, object]]:
    return [{"action_type": name.replace("__", "."), "value": value} for name, value in values.items()]


async def test_the_preferred_action_type_is_taken_and_nothing_added(meta: MetaProvider, graph: ScriptedGraph) -> None:
    row = await read_one(
        meta,
        graph,
        actions=actions(
            purchase="9",
            offsite_conversion__fb_pixel_purchase="8",
            omni_purchase="10",
            initiate_checkout="21",
            omni_initiated_checkout="20",
            add_to_cart="31",
            omni_add_to_cart="30",
            view_content="41",
            omni_view_content="40",
            landing_page_view="500",
        ),
        action_values=actions(purchase="1.11", omni_purchase="100.129999", offsite_conversion__fb_pixel_purchase="7"),
    )

    assert row.counters == Counters(
        spend_micros=5_339_500_000,
        impressions=361_324,
        link_clicks=1045,
        content_views=40,
        add_to_cart=30,
        checkout_initiated=20,
        purchases=10,
        purchase_value_micros=100_129_999,
    )


async def test_the_choice_is_by_absence_and_not_by_zero(meta: MetaProvider, graph: ScriptedGraph) -> None:
    row = await read_one(
        meta,
        graph,
        actions=actions(
            purchase="9",
            omni_purchase="0",
            initiate_checkout="21",
            offsite_conversion__fb_pixel_add_to_cart="5",
        ),
        action_values=actions(offsite_conversion__fb_pixel_purchase="7.5"),
    )

    counters = row.counters
    assert (counters.purchases, counters.checkout_initiated, counters.add_to_cart) == (0, 21, 5)
    assert (counters.content_views, counters.purchase_value_micros) == (0, 7_500_000)


ONSITE = {
    "onsite_conversion__purchase": "4",
    "onsite_conversion__initiate_checkout": "6",
    "onsite_conversion__add_to_cart": "9",
    "onsite_conversion__view_content": "40",
}
ON_PIXEL = {"offsite_conversion__fb_pixel_purchase": "0", "offsite_conversion__fb_pixel_view_content": "7"}


async def test_what_happens_on_metas_own_surfaces_counts_where_nothing_else_does(
    meta: MetaProvider, graph: ScriptedGraph
) -> None:
    alone = await read_one(
        meta, graph, actions=actions(**ONSITE), action_values=actions(onsite_conversion__purchase="99.5")
    )
    beside = await read_one(
        meta,
        graph,
        actions=actions(**ONSITE, **ON_PIXEL),
        action_values=actions(onsite_conversion__purchase="99.5", offsite_conversion__fb_pixel_purchase="1.5"),
    )

    counters = alone.counters
    assert (counters.purchases, counters.purchase_value_micros) == (4, 99_500_000)
    assert (counters.checkout_initiated, counters.add_to_cart, counters.content_views) == (6, 9, 40)
    counters = beside.counters
    assert (counters.purchases, counters.purchase_value_micros) == (0, 1_500_000)
    assert (counters.checkout_initiated, counters.add_to_cart, counters.content_views) == (6, 9, 7)


async def counted(meta: MetaProvider, graph: ScriptedGraph, **values: str) -> tuple[int, int, int, int]:
    """Purchases, checkouts, adds to cart and content views of a row with these actions."""
    counters = (await read_one(meta, graph, actions=actions(**values))).counters
    return counters.purchases, counters.checkout_initiated, counters.add_to_cart, counters.content_views


@pytest.mark.parametrize(
    "template",
    [
        "onsite_web_app_{}",
        "web_app_in_store_{}",
        "onsite_web_{}",
        "web_in_store_{}",
        "onsite_app_{}",
        "onsite_conversion__{}",
        "offline_conversion__{}",
    ],
)
async def test_what_comes_under_another_type_alone_counts(
    meta: MetaProvider, graph: ScriptedGraph, template: str
) -> None:
    names = map(template.format, ("purchase", "initiate_checkout", "add_to_cart", "view_content"))
    assert await counted(meta, graph, **dict(zip(names, "1234", strict=True))) == (1, 2, 3, 4)


async def test_what_happens_in_an_app_alone_counts(meta: MetaProvider, graph: ScriptedGraph) -> None:
    names = ("purchase", "initiated_checkout", "add_to_cart", "content_view")
    in_app = {f"app_custom_event__fb_mobile_{name}": value for name, value in zip(names, "1234", strict=True)}
    assert await counted(meta, graph, **in_app) == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("values", "purchases"),
    [
        ({"onsite_web_app_purchase": "9", "offsite_conversion__fb_pixel_purchase": "5", "onsite_web_purchase": "7"}, 9),
        ({"web_in_store_purchase": "7", "offsite_conversion__fb_pixel_purchase": "5"}, 7),
        ({"purchase": "0", "onsite_web_app_purchase": "9"}, 0),
        ({"offsite_conversion__fb_pixel_purchase": "5", "app_custom_event__fb_mobile_purchase": "2"}, 5),
        ({"onsite_conversion__purchase": "3", "offline_conversion__purchase": "2"}, 3),
    ],
)
async def test_the_widest_type_counts_and_none_is_added(
    meta: MetaProvider, graph: ScriptedGraph, values: dict[str, str], purchases: int
) -> None:
    assert (await counted(meta, graph, **values))[0] == purchases


async def test_an_action_with_windows_only_counts_as_absent(meta: MetaProvider, graph: ScriptedGraph) -> None:
    entries = [{"action_type": "omni_purchase", "7d_click": "3"}, {"action_type": "purchase", "value": "2"}]

    assert (await read_one(meta, graph, actions=entries)).counters.purchases == 2


TRIES = 20  # more than a walk makes of one page


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"<html>", "the body is not JSON"),
        (b'{"data":[', "the body is not JSON"),
        ([], "ads is not an object"),
        ({}, "ads.data is missing"),
        ({"data": {}}, "ads.data is not a list"),
        ({"data": [], "paging": {"next": "x"}}, "ads.paging.cursors is missing though there is a next page"),
    ],
)
async def test_an_unexpected_page_is_transient_and_named(
    meta: MetaProvider,
    graph: ScriptedGraph,
    body: object,
    complaint: str,
) -> None:
    for _ in range(TRIES):
        graph.answer(body)
    with pytest.raises(ProviderTransientError) as raised:
        await collect(meta.list_ads())

    assert f"Meta's answer can't be read: {complaint}" in str(raised.value)


async def test_an_unknown_time_zone_is_named(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer({"account_status": 1, "currency": "USD", "timezone_name": "../etc/passwd"})

    with pytest.raises(ProviderTransientError, match=r"account\.timezone_name is not a time zone"):
        await meta.get_account()
