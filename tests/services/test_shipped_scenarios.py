"""Every scenario, played to the product: what it does not spoil keeps its numbers, what it spoils is named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from app.metrics.counters import Counters
from app.providers.meta.insights import report_policy
from app.providers.sandbox.script import scenario as scenario_module
from app.providers.sandbox.script.scenario import load_scenario
from app.providers.sandbox.world.demo_dataset import DEMO_ACCESS_TOKEN, DEMO_ACCOUNT_ID, DEMO_TIME_ZONE
from app.providers.sandbox.world.scenario_accounts import generate_account
from app.providers.sandbox.world.worlds import World, demo_world
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.fleet_status import read_fleet_status
from app.vocabulary import ProviderKind
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.sandbox.serving import serving
from tests.services.invariants import check_invariants
from tests.services.jobs_at_hand import run_state
from tests.services.shop import TODAY, Shop, add_owner, add_seller, pointed_at
from tests.services.working import work_until_idle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services

SCENARIOS = Path(scenario_module.__file__).parents[1] / "scenarios"
ACCOUNT = "900"
AD, CAMPAIGN = 3, 1
_NUMBERS = f"""
SELECT daily.level, known.external_id, daily.stat_date, {", ".join(Counters._fields)}
FROM ad_stats_daily AS daily
JOIN (
  SELECT id, external_id FROM fb_connections
  UNION ALL SELECT id, external_id FROM campaigns
  UNION ALL SELECT id, external_id FROM adsets
  UNION ALL SELECT id, external_id FROM ads
) AS known ON known.id = daily.entity_id
"""
_NAMED = "SELECT sentence || examples::text FROM sync_warnings"
_SPEND_BY_LEVEL = "SELECT level, sum(spend_micros) FROM ad_stats_daily WHERE stat_date < $1 GROUP BY level"
_REASONS = """
SELECT external_id, delivery_reason FROM campaigns WHERE delivery_status <> 'ACTIVE'
UNION ALL SELECT external_id, delivery_reason FROM adsets WHERE delivery_status <> 'ACTIVE'
UNION ALL SELECT external_id, delivery_reason FROM ads WHERE delivery_status <> 'ACTIVE'
"""
_SALES = """
SELECT DISTINCT purchases, purchase_value_micros
FROM ad_stats_daily AS daily
JOIN ads ON ads.id = daily.entity_id
WHERE external_id = '9003000001'
"""
LEVELS = 4
MOST_CALLS = 12
"""For one account: each job that has begun may end with a doubt and the call that settles it."""
_DELIVERY = """
SELECT delivery_status, ends_at FROM campaigns
UNION ALL SELECT delivery_status, ends_at FROM adsets
UNION ALL SELECT delivery_status, NULL FROM ads
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`spoilt` are level and id of what may have other numbers, `named` what the warnings must speak of."""

    spoilt: frozenset[tuple[int, str]] = frozenset()
    named: tuple[str, ...] = ()


OUTCOMES: Mapping[str, Outcome] = {
    "unstorable-text": Outcome(),
    "odd-numbers": Outcome(spoilt=frozenset({(AD, "9003000001")}), named=("ctr",)),
    "unreadable-things": Outcome(
        spoilt=frozenset({(AD, "9003000004"), (CAMPAIGN, "9001000002")}),
        named=("9003000001", "9003000002", "no id", "9003000004", "campaign_id"),
    ),
    "odd-token": Outcome(),
    "refused-listing": Outcome(named=("2446289",)),
    "heavy-pages": Outcome(),
    "endless-pages": Outcome(named=("list of campaigns",)),
    "denied-reports": Outcome(),
    "no-instants": Outcome(),
    "expired-cursors": Outcome(),
    "broken-answers": Outcome(),
    "odd-envelopes": Outcome(),
    "dropped-fields": Outcome(named=("field cpm", "field learning_stage_info", "field ad_name")),
    "new-app": Outcome(),
    "onsite-purchases": Outcome(spoilt=frozenset({(AD, "9003000001")})),
    "names-in-forms": Outcome(),
    "silent-currency": Outcome(),
    "held-up": Outcome(),
}
ON_THE_DEMO = (
    "another-currency",
    "hard-walks",
    "odd-values",
    "over-and-to-come",
    "rough-day",
    "stormy-hour",
)
FINDINGS = {"dropped-metric": 100, "ended-version": 2635}
OTHERS = ("large-account", "lost-access")
LOST_FOR_CERTAIN = {"900": "PERMISSION", "901": "PERMISSION", "903": "PERMISSION", "904": "TOKEN"}
"""What is unhealthy, and why, of the accounts of `lost-access` that say so in words or codes."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_policy, "FIRST_PAUSE_SECONDS", 0.01)


def shipped(name: str) -> scenario_module.Scenario:
    return load_scenario(SCENARIOS / f"{name}.toml")


async def played(services: Services, slug: str, world: World, scenario: scenario_module.Scenario | None) -> Shop:
    """A seller whose account was connected and synced while Meta was so."""
    seller_id = await add_seller(services, slug)
    with serving(world, scenario=scenario) as url:
        shop = Shop(pointed_at(services, url, backfill_days=0), seller_id, url)
        await shop.connect(ACCOUNT)
        run = await shop.sync()
        assert await run_state(services, run) == "SUCCEEDED"
    await check_invariants(services, seller_id)
    return shop


async def numbers(shop: Shop) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Of days that are over: today's grow while they are compared."""
    return {row[:3]: row[3:] for row in await shop.rows(_NUMBERS) if row[2] < TODAY}


@pytest.mark.parametrize("name", OUTCOMES)
async def test_what_a_scenario_spoils_costs_itself_alone(services: Services, name: str) -> None:
    scenario, outcome = shipped(name), OUTCOMES[name]
    well = World(accounts=tuple(map(generate_account, scenario.accounts)))
    right = await numbers(await played(services, "well", well, None))
    spoilt = await played(services, "spoilt", World(accounts=()), scenario)
    found = await numbers(spoilt)
    harmed = {key for key in {*right, *found} if right.get(key) != found.get(key)}
    assert {key[:2] for key in harmed} == outcome.spoilt
    assert len(right) > len(harmed)
    told = [row[0] for row in await spoilt.rows(_NAMED)]
    assert bool(told) == bool(outcome.named)
    assert [part for part in outcome.named if not any(part in each for each in told)] == []


async def test_instants_that_mean_none_end_nothing(services: Services) -> None:
    shop = await played(services, "shop", World(accounts=()), shipped("no-instants"))
    assert set(await shop.rows(_DELIVERY)) == {("ACTIVE", None)}


async def test_text_that_can_t_be_stored_is_made_storable(services: Services) -> None:
    shop = await played(services, "shop", World(accounts=()), shipped("unstorable-text"))
    assert await shop.value("SELECT name FROM ads WHERE external_id = '9003000001'") == "Sale \ufffd"
    assert await shop.value("SELECT name FROM campaigns WHERE external_id = '9001000001'") == "Winter"
    assert await shop.value("SELECT targeting::text FROM adsets WHERE external_id = '9002000001'") == (
        '{"key \ufffd": ["value"]}'
    )


def test_each_scenario_is_in_the_table_of_the_readme_and_is_played() -> None:
    here = sorted(path.stem for path in SCENARIOS.glob("*.toml"))
    rows = re.findall(
        r"^\| `([a-z-]+)` \|", (SCENARIOS / "README.md").read_text().partition("## What is here")[2], re.MULTILINE
    )
    assert sorted(rows) == here
    assert sorted([*OUTCOMES, *ON_THE_DEMO, *FINDINGS, *OTHERS]) == here


async def demo(services: Services, name: str) -> Shop:
    """A seller that has connected and synced the demo's account while Meta was so."""
    seller_id = await add_seller(services)
    with serving(demo_world(today=TODAY), scenario=shipped(name)) as url:
        shop = Shop(pointed_at(services, url, backfill_days=0), seller_id, url)
        wanted = AccountToConnect(
            provider=ProviderKind.META,
            external_id=DEMO_ACCOUNT_ID,
            name="Demo",
            time_zone=DEMO_TIME_ZONE,
            currency="USD",
            access_token=SecretStr(DEMO_ACCESS_TOKEN),
        )
        await connect_account(shop.services, seller_id=seller_id, account=wanted)
        await work_until_idle(shop.services)
        run = await shop.sync(days=2)
        assert await run_state(services, run) == "SUCCEEDED"
    await check_invariants(services, seller_id)
    return shop


@pytest.mark.parametrize("name", ON_THE_DEMO)
async def test_the_demo_account_keeps_its_numbers(services: Services, name: str) -> None:
    shop = await demo(services, name)
    assert await shop.value("SELECT health FROM fb_connections") == "HEALTHY"
    by_level = await shop.rows(_SPEND_BY_LEVEL, TODAY)
    assert len(by_level) == LEVELS
    assert len({spend for _, spend in by_level}) == 1
    assert (await shop.value("SELECT currency FROM fb_connections")) == ("VND" if name == "another-currency" else "USD")
    if name == "over-and-to-come":
        shown = await shop.mapping("SELECT external_id, delivery_status FROM campaigns")
        assert (shown["1202100000010000"], shown["1202100000030000"]) == ("INACTIVE", "NOT_DELIVERING")


@pytest.mark.parametrize(("name", "code"), FINDINGS.items())
async def test_what_meta_drops_is_one_finding_about_the_installation(services: Services, name: str, code: int) -> None:
    seller_id = await add_seller(services)
    with serving(World(accounts=()), scenario=shipped(name)) as url:
        shop = Shop(pointed_at(services, url, backfill_days=0), seller_id, url)
        await shop.connect(ACCOUNT)
        await shop.sync()
    [outdated] = (await read_fleet_status(shop.services, seller_slug=None)).outdated
    assert (outdated.connections, outdated.error_code) == (1, code)
    assert await shop.value("SELECT health FROM fb_connections") == "HEALTHY"


async def test_access_that_is_lost_is_told_in_each_form(services: Services) -> None:
    seller_id, scenario = await add_seller(services), shipped("lost-access")
    with serving(World(accounts=()), scenario=scenario) as url:
        shop = Shop(pointed_at(services, url, backfill_days=0), seller_id, url)
        for plan in scenario.accounts:
            await shop.connect(plan.id)
        await shop.sync()
        calls = {plan.id: sum((await shop.calls(plan.id)).values()) for plan in scenario.accounts}
    shown = await shop.mapping("SELECT external_id, health_class FROM fb_connections")
    assert {number: shown[number] for number in LOST_FOR_CERTAIN} == LOST_FOR_CERTAIN
    assert max(calls.values()) <= MOST_CALLS


async def test_what_holds_up_says_which_switch_to_use(services: Services) -> None:
    shop = await played(services, "shop", World(accounts=()), shipped("held-up"))
    assert await shop.mapping(_REASONS) == {
        "9001000001": None,
        "9002000001": "campaign_paused",
        "9002000002": "campaign_paused",
        "9002000003": None,
        **{f"900300000{place}": "campaign_paused" for place in range(1, 5)},
        **{f"900300000{place}": "adset_paused" for place in (5, 6)},
    }


async def test_names_are_found_in_any_form(services: Services, database: ThrowawayDatabase) -> None:
    shop = await played(services, "shop", World(accounts=()), shipped("names-in-forms"))
    reader = Tenant(SmallWorld(database, services), shop.seller_id, await add_owner(services, shop.seller_id))
    for asked in ("caf\u00e9 sale", "CAFE\u0301 SALE"):
        found = await reader.ask("query ($name: String!) { ads(filter: {name: $name}) { totalCount } }", name=asked)
        assert found["ads"]["totalCount"] == 4


async def test_sales_on_the_platform_itself_are_sales(services: Services) -> None:
    shop = await played(services, "shop", World(accounts=()), shipped("onsite-purchases"))
    assert await shop.rows(_SALES) == [(4, 99_500_000)]
