"""The scenario of each kind of oddity, played to the product: all numbers that it does not spoil are the account's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.metrics.counters import Counters
from app.providers.meta import report_policy
from app.providers.sandbox import scenario as scenario_module
from app.providers.sandbox.scenario import load_scenario
from app.providers.sandbox.scenario_accounts import generate_account
from app.providers.sandbox.worlds import World
from tests.sandbox.serving import serving
from tests.services.invariants import check_invariants
from tests.services.jobs_at_hand import run_state
from tests.services.shop import TODAY, Shop, add_seller, pointed_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.services.context import Services

SCENARIOS = Path(scenario_module.__file__).parent / "scenarios"
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
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_policy, "FIRST_PAUSE_SECONDS", 0.01)


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
    scenario, outcome = load_scenario(SCENARIOS / f"{name}.toml"), OUTCOMES[name]
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
    shop = await played(services, "shop", World(accounts=()), load_scenario(SCENARIOS / "no-instants.toml"))
    assert set(await shop.rows(_DELIVERY)) == {("ACTIVE", None)}


async def test_text_that_can_t_be_stored_is_made_storable(services: Services) -> None:
    shop = await played(services, "shop", World(accounts=()), load_scenario(SCENARIOS / "unstorable-text.toml"))
    assert await shop.value("SELECT name FROM ads WHERE external_id = '9003000001'") == "Sale \ufffd"
    assert await shop.value("SELECT name FROM campaigns WHERE external_id = '9001000001'") == "Winter"
    assert await shop.value("SELECT targeting::text FROM adsets WHERE external_id = '9002000001'") == (
        '{"key \ufffd": ["value"]}'
    )
