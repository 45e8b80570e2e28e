from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.errors import RequestRefusedError
from app.metrics.counters import ZERO, Counters
from app.metrics.levels import Level
from app.providers.contract import AccountRecord, AdProvider, BudgetType, EntityStatus, InsightRow, StatusOutcome
from app.providers.mock.generator import mock_day
from app.providers.mock.ledger import InMemoryLedger
from app.providers.mock.numbers import local_today
from app.providers.mock.plan import (
    AdPlan,
    AdsetPlan,
    CampaignPlan,
    MockAccountPlan,
    plan_account,
)
from app.providers.mock.provider import MockProvider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from typing import TypeVar

    Item = TypeVar("Item")

SELLER = "75c06913-20e3-4130-89b5-997a8c49fd48"
ACCOUNT = AccountRecord(external_id="act_7", name="North", time_zone="Asia/Ho_Chi_Minh", currency="USD")
JOINED = date(2026, 3, 1)
NOON = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)  # 12:00 in Ho Chi Minh City
TODAY = date(2026, 3, 10)
YESTERDAY = date(2026, 3, 9)


def ad(external_id: str, *, status: EntityStatus = EntityStatus.ACTIVE, review: str | None = None) -> AdPlan:
    return AdPlan(external_id=external_id, name=external_id, status=status, stopped_on=None, review=review)


def adset(external_id: str, *ads: AdPlan, status: EntityStatus = EntityStatus.ACTIVE) -> AdsetPlan:
    return AdsetPlan(
        external_id=external_id,
        name=external_id,
        status=status,
        stopped_on=None,
        market="US",
        learning="LEARNING",
        ads=ads,
    )


def campaign(
    external_id: str,
    *adsets: AdsetPlan,
    status: EntityStatus = EntityStatus.ACTIVE,
    stopped_on: date | None = None,
    budget_type: BudgetType = BudgetType.DAILY,
) -> CampaignPlan:
    return CampaignPlan(
        external_id=external_id,
        name=external_id,
        status=status,
        started_on=date(2026, 1, 1),
        stopped_on=stopped_on,
        budget=Decimal(100),
        budget_type=budget_type,
        adsets=adsets,
    )


PLAN = MockAccountPlan(
    campaigns=(
        campaign("c1", adset("s1", ad("a1"), ad("a2")), adset("s2", ad("a3")), adset("s3", ad("a4"))),
        campaign("c2", adset("s4", ad("a5")), budget_type=BudgetType.LIFETIME),
        campaign("c3", adset("s5", ad("a6")), status=EntityStatus.ARCHIVED, stopped_on=date(2026, 2, 20)),
    ),
)


def provider(plan: MockAccountPlan = PLAN, ledger: InMemoryLedger | None = None) -> MockProvider:
    return MockProvider(seller_id=SELLER, account=ACCOUNT, plan=plan, ledger=ledger or InMemoryLedger())


async def collect(pages: AsyncIterator[Iterable[Item]]) -> list[Item]:
    return [item async for page in pages for item in page]


async def rows(mock: MockProvider, level: Level, since: date, until: date | None = None) -> list[InsightRow]:
    with clock.frozen(NOON):
        return await collect(mock.read_insights(level, since, until or since))


def by_id(found: list[InsightRow]) -> dict[str, Counters]:
    return {row.external_id: row.counters for row in found}


def total(found: list[InsightRow]) -> Counters:
    result = ZERO
    for row in found:
        result = result.plus(row.counters)
    return result


def test_fulfils_the_contract() -> None:
    mock: AdProvider = provider()

    assert isinstance(mock, MockProvider)


async def test_gives_the_account_it_was_made_for() -> None:
    assert await provider().get_account() == ACCOUNT


async def test_campaign_rows_are_the_generators() -> None:
    assert by_id(await rows(provider(), Level.CAMPAIGN, YESTERDAY)) == {
        "c1": mock_day(SELLER, "c1", YESTERDAY, Decimal(100)),
        "c2": mock_day(SELLER, "c2", YESTERDAY, Fraction(100, 30)),
    }


async def test_adset_and_ad_budgets_are_shares_unrounded() -> None:
    adsets = by_id(await rows(provider(), Level.ADSET, YESTERDAY))
    ads = by_id(await rows(provider(), Level.AD, YESTERDAY))

    assert set(adsets) == {"s1", "s2", "s3", "s4"}
    assert adsets["s1"] == mock_day(SELLER, "s1", YESTERDAY, Fraction(100, 3))
    assert set(ads) == {"a1", "a2", "a3", "a4", "a5"}
    assert ads["a2"] == mock_day(SELLER, "a2", YESTERDAY, Fraction(100, 6))
    assert ads["a3"] == mock_day(SELLER, "a3", YESTERDAY, Fraction(100, 3))


async def test_the_account_is_the_sum_of_its_campaigns() -> None:
    account = await rows(provider(), Level.ACCOUNT, date(2026, 2, 19), date(2026, 2, 20))
    campaigns = await rows(provider(), Level.CAMPAIGN, date(2026, 2, 19), date(2026, 2, 20))

    assert [(row.external_id, row.stat_date) for row in account] == [
        ("act_7", date(2026, 2, 19)),
        ("act_7", date(2026, 2, 20)),
    ]
    assert total(account) == total(campaigns)
    assert account[0].counters == total([row for row in campaigns if row.stat_date == date(2026, 2, 19)])


async def test_an_entity_has_rows_up_to_its_planned_stop() -> None:
    found = await rows(provider(), Level.CAMPAIGN, date(2026, 2, 18), date(2026, 2, 21))

    assert [row.stat_date.day for row in found if row.external_id == "c3"] == [18, 19]


async def test_today_is_scaled_and_tomorrow_has_no_row() -> None:
    found = await rows(provider(), Level.CAMPAIGN, TODAY, TODAY + timedelta(days=1))

    assert by_id(found)["c1"] == mock_day(SELLER, "c1", TODAY, Decimal(100), day_fraction=Fraction(1, 2))
    assert {row.stat_date for row in found} == {TODAY}


async def test_a_zero_row_is_no_row() -> None:
    with clock.frozen(datetime(2026, 3, 9, 17, 0, tzinfo=UTC)):  # midnight in Ho Chi Minh City
        found = await collect(provider().read_insights(Level.ACCOUNT, TODAY, TODAY))

    assert found == []


async def test_a_status_set_today_moves_no_number() -> None:
    ledger = InMemoryLedger()
    mock = provider(ledger=ledger)
    before = await rows(mock, Level.AD, date(2026, 2, 1), TODAY)
    await mock.set_status(Level.CAMPAIGN, ["c1"], EntityStatus.PAUSED)

    assert await rows(mock, Level.AD, date(2026, 2, 1), TODAY) == before


async def test_pages_have_five_hundred_rows() -> None:
    with clock.frozen(NOON):
        pages = provider().read_insights(Level.CAMPAIGN, date(2025, 1, 1), TODAY)
        sizes = [len(page) async for page in pages]
        long = plan_account("act_9", joined_on=JOINED, campaigns=60, adsets_per_campaign=3, ads_per_adset=3)
        ad_pages = [len(page) async for page in provider(long).list_ads()]

    # 50 days of c3 (1 January to 19 February) and 69 days of c1 and of c2.
    assert sizes == [50 + 2 * 69]
    assert ad_pages == [500, 40]


async def test_set_status_answers_each_id_and_remembers_only_what_it_accepted() -> None:
    ledger = InMemoryLedger()
    mock = provider(ledger=ledger)
    outcomes = await mock.set_status(Level.CAMPAIGN, ["c3", "c1", "nobody"], EntityStatus.PAUSED)

    assert outcomes == [
        StatusOutcome(external_id="c3", error="the object is ARCHIVED and can't be changed", error_code=100),
        StatusOutcome(external_id="c1"),
        StatusOutcome(external_id="nobody", error="there is no such object", error_code=100),
    ]
    assert await ledger.load_statuses() == {(Level.CAMPAIGN, "c1"): EntityStatus.PAUSED}
    listed = {record.external_id: record.status for record in await collect(mock.list_campaigns())}
    assert listed == {"c1": EntityStatus.PAUSED, "c2": EntityStatus.ACTIVE, "c3": EntityStatus.ARCHIVED}


async def test_an_id_of_another_level_is_unknown() -> None:
    [outcome] = await provider().set_status(Level.AD, ["c1"], EntityStatus.PAUSED)

    assert outcome.error == "there is no such object"


async def test_only_active_and_paused_can_be_set() -> None:
    ledger = InMemoryLedger()
    with pytest.raises(RequestRefusedError):
        await provider(ledger=ledger).set_status(Level.AD, ["a1"], EntityStatus.DELETED)

    assert await ledger.load_statuses() == {}


async def test_a_pause_cascades_to_effective_status_only() -> None:
    mock = provider()
    await mock.set_status(Level.CAMPAIGN, ["c1"], EntityStatus.PAUSED)
    await mock.set_status(Level.ADSET, ["s4"], EntityStatus.PAUSED)
    adsets = {record.external_id: record for record in await collect(mock.list_statuses(Level.ADSET))}
    ads = {record.external_id: record for record in await collect(mock.list_statuses(Level.AD))}

    assert adsets["s1"].status is EntityStatus.ACTIVE
    assert adsets["s1"].delivery.effective_status == "CAMPAIGN_PAUSED"
    assert adsets["s1"].delivery.learning is None
    assert adsets["s4"].delivery.effective_status == "PAUSED"
    assert adsets["s5"].delivery.effective_status == "ARCHIVED"
    assert {external_id: ads[external_id].delivery.effective_status for external_id in ("a1", "a5", "a6")} == {
        "a1": "CAMPAIGN_PAUSED",
        "a5": "ADSET_PAUSED",
        "a6": "ARCHIVED",
    }
    assert (ads["a5"].adset_external_id, ads["a5"].campaign_external_id) == ("s4", "c2")


async def test_what_is_paused_itself_says_so_under_a_paused_parent_too() -> None:
    mock = provider()
    await mock.set_status(Level.CAMPAIGN, ["c1"], EntityStatus.PAUSED)
    await mock.set_status(Level.ADSET, ["s1"], EntityStatus.PAUSED)
    await mock.set_status(Level.AD, ["a2"], EntityStatus.PAUSED)
    adsets = {record.external_id: record for record in await collect(mock.list_statuses(Level.ADSET))}
    ads = {record.external_id: record for record in await collect(mock.list_statuses(Level.AD))}

    assert adsets["s1"].delivery.effective_status == "PAUSED"
    assert ads["a1"].delivery.effective_status == "CAMPAIGN_PAUSED"
    assert ads["a2"].delivery.effective_status == "PAUSED"


async def test_an_ad_in_review_never_delivered() -> None:
    plan = MockAccountPlan(campaigns=(campaign("c", adset("s", ad("a"), ad("b", review="DISAPPROVED"))),))
    found = await rows(provider(plan), Level.AD, YESTERDAY)
    listed = {record.external_id: record for record in await collect(provider(plan).list_ads())}

    assert [row.external_id for row in found] == ["a"]
    assert listed["b"].delivery.effective_status == "DISAPPROVED"


async def test_structure_names_its_parents_and_budgets() -> None:
    [c1, c2, _c3] = await collect(provider().list_campaigns())
    adsets = await collect(provider().list_adsets())
    ads = await collect(provider().list_ads())

    assert (c1.budget_micros, c1.budget_type) == (100_000_000, BudgetType.DAILY)
    assert (c2.budget_micros, c2.budget_type) == (100_000_000, BudgetType.LIFETIME)
    assert c1.starts_at == datetime(2025, 12, 31, 17, 0, tzinfo=UTC)
    assert [record.campaign_external_id for record in adsets] == ["c1", "c1", "c1", "c2", "c3"]
    assert [(record.adset_external_id, record.campaign_external_id) for record in ads[:3]] == [
        ("s1", "c1"),
        ("s1", "c1"),
        ("s2", "c1"),
    ]
    assert adsets[0].delivery.learning == "LEARNING"


def test_a_plan_follows_from_the_account_alone() -> None:
    first, again = (plan_account("act_7", joined_on=JOINED) for _ in range(2))
    other = plan_account("act_8", joined_on=JOINED)

    assert first == again
    assert [plan.name for plan in first.campaigns] != [plan.name for plan in other.campaigns]
    assert 8 <= len(first.campaigns) <= 14


def test_a_plan_has_the_size_asked_for_and_a_mix_of_statuses() -> None:
    plan = plan_account("act_7", joined_on=JOINED, campaigns=40, adsets_per_campaign=3, ads_per_adset=2)
    statuses = {made.status for made in plan.campaigns}
    ids = [item.external_id for made in plan.campaigns for group in made.adsets for item in group.ads]

    assert len(plan.campaigns) == 40
    assert {len(made.adsets) for made in plan.campaigns} == {3}
    assert len(set(ids)) == 240
    assert statuses == {EntityStatus.ACTIVE, EntityStatus.PAUSED, EntityStatus.ARCHIVED}
    for made in plan.campaigns:
        assert (made.stopped_on is None) == (made.status is EntityStatus.ACTIVE)
        assert made.stopped_on is None or made.started_on < made.stopped_on <= JOINED


@pytest.mark.parametrize(
    ("instant", "zone", "day", "part"),
    [
        (NOON, "Asia/Ho_Chi_Minh", date(2026, 3, 10), Fraction(1, 2)),
        (datetime(2026, 3, 8, 16, 0, tzinfo=UTC), "America/New_York", date(2026, 3, 8), Fraction(11, 23)),
        (datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC), "America/New_York", date(2026, 11, 1), Fraction(89999, 90000)),
    ],
)
def test_the_passed_part_knows_long_and_short_days(instant: datetime, zone: str, day: date, part: Fraction) -> None:
    assert local_today(instant, zone) == (day, part)
