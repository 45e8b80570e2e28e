"""Our own Meta client against the sandbox: the pair that a development installation runs on."""

from __future__ import annotations

from datetime import date, timedelta
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.errors import ProviderThrottledError, ProviderTransientError, TokenRejectedError
from app.metrics.counters import ZERO, Counters
from app.metrics.levels import Level
from app.providers.contract import AccountRecord, EntityStatus, StatusOutcome
from app.providers.meta.provider import MetaProvider
from app.providers.sandbox.application import create_sandbox
from app.providers.sandbox.script.faults import Fault, FaultMatch
from app.providers.sandbox.world.worlds import CSV_ACCESS_TOKEN, CSV_ACCOUNT_ID, CSV_TIME_ZONE, csv_world
from tests.sandbox.asking import BASE_URL
from tests.sandbox.small_world import NOW, OTHER_TOKEN, TOKEN, WORLD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from app.providers.sandbox.world.worlds import World

REAL = Path(__file__).parents[4] / "shared" / "data" / "kag_conversion.csv"
Value = TypeVar("Value")


def connect(
    world: World = WORLD,
    *,
    account: str = "1",
    token: str = TOKEN,
    page_size: int = 2,
    faults: Iterable[Fault] = (),
) -> MetaProvider:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(create_sandbox(world, faults=faults)))
    return MetaProvider(
        client,
        graph_url=BASE_URL,
        api_version="v27.0",
        account_external_id=account,
        access_token=SecretStr(token),
        page_size=page_size,
    )


async def all_of(pages: AsyncIterator[Iterable[Value]]) -> list[Value]:
    return [value async for page in pages for value in page]


async def test_structure_and_statuses_over_several_pages() -> None:
    meta = connect()
    assert await meta.get_account() == AccountRecord(
        external_id="1",
        name="First",
        time_zone="Asia/Ho_Chi_Minh",
        currency="USD",
    )
    campaigns = await all_of(meta.list_campaigns())
    assert [(each.external_id, each.status, each.budget_micros) for each in campaigns] == [
        ("11", "ACTIVE", 700_000_000),
        ("12", "PAUSED", None),
        ("13", "ARCHIVED", None),
    ]
    adsets = await all_of(meta.list_adsets())
    assert [(each.external_id, each.campaign_external_id, each.budget_micros) for each in adsets] == [
        ("111", "11", None),
        ("112", "11", None),
        ("121", "12", 25_000_000),
        ("131", "13", None),
    ]
    ads = await all_of(meta.list_ads())
    assert [each.external_id for each in ads] == ["1111", "1112", "1121", "1211", "1311"]
    signals = {each.external_id: each.delivery for each in await all_of(meta.list_statuses(Level.AD))}
    assert {key: signal.effective_status for key, signal in signals.items()} == {
        "1111": "ACTIVE",
        "1112": "DISAPPROVED",
        "1121": "ADSET_PAUSED",
        "1211": "CAMPAIGN_PAUSED",
        "1311": "ARCHIVED",
    }
    assert [key for key, signal in signals.items() if signal.has_issues] == ["1112"]


async def test_insights_with_every_counter() -> None:
    with clock.frozen(NOW):
        rows = await all_of(connect().read_insights(Level.AD, date(2026, 11, 19), date(2026, 11, 22)))
    assert [(row.external_id, row.stat_date.day) for row in rows] == [
        ("1111", 19),
        ("1111", 20),
        ("1121", 22),
        ("1211", 20),
        ("1311", 19),
    ]
    assert rows[0].counters == Counters(10_000_000, 5000, 50, 40, 9, 6, 3, 123_450_000)
    assert rows[1].counters == Counters(5_339_500_000, 361_324)
    assert rows[3].counters == Counters(impressions=10, purchases=3)


async def test_statuses_are_set_in_batches_with_an_outcome_each() -> None:
    meta = connect()
    outcomes = await meta.set_status(Level.AD, ["1111", "1112", "2111", "1311"], EntityStatus.PAUSED)
    assert [(each.external_id, each.accepted, each.error_code) for each in outcomes] == [
        ("1111", True, None),
        ("1112", False, 100),
        ("2111", False, 100),
        ("1311", False, 100),
    ]
    now = {each.external_id: each.status for each in await all_of(meta.list_statuses(Level.AD))}
    assert now == {"1111": "PAUSED", "1112": "ACTIVE", "1121": "ACTIVE", "1211": "ACTIVE", "1311": "ACTIVE"}


async def test_meta_failures_arrive_as_ours() -> None:
    with pytest.raises(TokenRejectedError):
        await connect(token="nobody's").get_account()
    throttle = Fault(match=FaultMatch(edge="campaigns"), code=80004, subcode=2446079)
    with pytest.raises(ProviderThrottledError):
        await all_of(connect(faults=[throttle]).list_campaigns())
    flaky = connect(faults=[Fault(code=2, http_status=500, transient=True)], account="2", token=OTHER_TOKEN)
    with pytest.raises(ProviderTransientError):
        await flaky.get_account()
    assert (await flaky.get_account()).currency == "JPY"


@pytest.mark.skipif(not REAL.exists(), reason="the public data set is not beside the checkout")
@pytest.mark.parametrize("level", list(Level))
async def test_the_published_totals_through_our_client(level: Level) -> None:
    today = clock.today_in(CSV_TIME_ZONE)
    meta = connect(csv_world(REAL, today=today), account=CSV_ACCOUNT_ID, token=CSV_ACCESS_TOKEN, page_size=500)
    rows = await all_of(meta.read_insights(level, today - timedelta(days=31), today))
    total = reduce(Counters.plus, (row.counters for row in rows), ZERO)
    assert total == Counters(
        spend_micros=58_705_230_000,
        impressions=213_434_828,
        link_clicks=38_165,
        checkout_initiated=3_264,
        purchases=1_079,
    )


@pytest.mark.skipif(not REAL.exists(), reason="the public data set is not beside the checkout")
async def test_one_hundred_and_twenty_ads_of_which_five_are_refused() -> None:
    world = csv_world(REAL, today=clock.today_in(CSV_TIME_ZONE))
    ids = [entity.id for entity in world.accounts[0].entities if entity.kind == "ad"][:120]
    refused = frozenset(ids[10:15])
    fault = Fault(match=FaultMatch(method="POST", object_ids=refused), times=None, code=100)
    meta = connect(world, account=CSV_ACCOUNT_ID, token=CSV_ACCESS_TOKEN, page_size=500, faults=[fault])
    outcomes = await meta.set_status(Level.AD, ids, EntityStatus.PAUSED)
    assert [each.external_id for each in outcomes] == ids
    assert {each.external_id for each in outcomes if not each.accepted} == refused
    assert outcomes[0] == StatusOutcome(external_id=ids[0])
    paused = {
        each.external_id for each in await all_of(meta.list_statuses(Level.AD)) if each.status is EntityStatus.PAUSED
    }
    assert paused == set(ids) - refused
