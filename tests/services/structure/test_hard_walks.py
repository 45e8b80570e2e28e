"""Listings and statistics that are hard to walk: what can be read lands, what can't costs itself alone and is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.metrics.levels import Level
from app.providers.meta.insights import report_policy
from app.providers.sandbox.world.dataset import AdDay, Delivered, Entity, Kind
from app.services.jobs.new_jobs import delivery_job, structure_job
from tests.services.invariants import check_invariants
from tests.services.jobs_at_hand import run_state
from tests.services.oddities_at_hand import play
from tests.services.shop import CREATED, TODAY, YESTERDAY, account, add_seller, entities, pointed_at, sandbox_for
from tests.services.structure.test_structure_sync import do
from tests.services.working import fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from app.services.context import Services
    from tests.services.shop import Shop

_SPENT = """
SELECT level, sum(spend_micros)::bigint / 10000 FROM ad_stats_daily GROUP BY level ORDER BY level
"""
_NAMES = """
SELECT external_id, name FROM campaigns
UNION ALL SELECT external_id, name FROM adsets
UNION ALL SELECT external_id, name FROM ads
ORDER BY 1
"""
_JOBS = "SELECT kind, state, tries, error_reason FROM jobs ORDER BY created_at, id"
_WARNINGS = "SELECT DISTINCT subject, sentence, examples::text FROM sync_warnings ORDER BY 1, 2"
ALL_LEVELS = [(0, 6000), (1, 6000), (2, 6000), (3, 6000)]
MANY = 300


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are asked for at once and again."""
    monkeypatch.setattr(report_policy, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
async def opened(services: Services) -> AsyncGenerator[Shop]:
    """A shop whose account is not connected yet."""
    with sandbox_for(services, await add_seller(services)) as shop:
        yield shop
        await check_invariants(services, shop.seller_id)


async def script(shop: Shop, part: str, *values: Mapping[str, object]) -> None:
    async with httpx.AsyncClient() as client:
        (await client.post(f"{shop.url}/sandbox/{part}", json=list(values))).raise_for_status()


async def warnings(shop: Shop) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await fetch_work(shop.services, _WARNINGS)]


async def states(shop: Shop) -> set[tuple[str, str]]:
    return {(row["kind"], row["state"]) for row in await fetch_work(shop.services, _JOBS)}


def many_ads() -> list[Entity]:
    return [
        *(each for each in entities() if each.kind is not Kind.AD),
        *(
            Entity(kind=Kind.AD, id=f"9{number:03}", parent_id="111", name=f"Ad {number}", created_at=CREATED)
            for number in range(MANY)
        ),
    ]


async def test_an_account_whose_pages_are_too_heavy_without_a_word_arrives_whole(services: Services) -> None:
    heavy = account(of=many_ads(), days={YESTERDAY: [AdDay(f"9{n:03}", Delivered(10, 7, 1, 1)) for n in range(MANY)]})
    with sandbox_for(services, await add_seller(services), heavy) as shop:
        for edge in ("ads", "insights"):
            await script(shop, "limits", {"edge": edge, "rows": 100, "answer": "unknown"})
        await shop.connect()
        assert await shop.value("SELECT count(*) FROM ads") == MANY
        assert (await shop.calls())["ads"] == 9  # 500 twice, 250, 125, and five of 62
        run = await shop.sync()
        assert await run_state(services, run) == "SUCCEEDED"
        assert await shop.rows(_SPENT) == [(0, 3000), (1, 3000), (2, 3000), (3, 3000)]
        assert (await shop.calls())["insights"] == 3 + 10  # the ads': 1000 twice, 500, 250, 125, five of 62


@pytest.mark.parametrize("edge", ["campaigns", "adsets", "ads"])
async def test_numbers_of_a_new_account_do_not_hang_on_a_listing_that_is_refused(opened: Shop, edge: str) -> None:
    spoilt = {"campaigns": "12", "adsets": "121", "ads": "1211"}[edge]
    await script(opened, "spoilt", {"ids": [spoilt], "whole_edge": True, "ids_too": True})
    await opened.connect()
    [sentence] = [each[1] for each in await warnings(opened) if each[0] == "LISTING"]
    named = edge.replace("adsets", "ad sets")
    assert sentence.startswith(f"The list of {named} could not be read to its end; what was known stays. Meta answered")
    assert "2446289" in sentence
    run = await opened.sync()

    assert await run_state(opened.services, run) == "SUCCEEDED"
    assert await opened.rows(_SPENT) == ALL_LEVELS
    assert ("111", "Broad") in await opened.rows(_NAMES)
    assert ("121", "Hats broad") in await opened.rows(_NAMES)
    assert await states(opened) == {("structure", "SUCCEEDED"), ("stats", "SUCCEEDED"), ("refresh", "QUEUED")}


async def test_numbers_of_a_known_account_go_on_when_a_new_ad_is_in_a_listing_that_is_refused(shop: Shop) -> None:
    new = Entity(kind=Kind.AD, id="1212", parent_id="121", name="Top hat", created_at=CREATED)
    days = {TODAY: [AdDay("1212", Delivered(700, 10, 1, 1)), AdDay("1111", Delivered(100, 10, 1, 1))]}
    with shop.when(account(of=[*entities(), new], days=days)) as later:
        await script(later, "spoilt", {"ids": ["1212"], "whole_edge": True, "ids_too": True})
        run = await later.sync(days=1)
        assert await run_state(later.services, run) == "SUCCEEDED"
    assert await shop.rows(_SPENT) == [(0, 800), (1, 800), (2, 800), (3, 800)]
    assert ("1212", "Top hat") in await shop.rows(_NAMES)
    assert [row[0] for row in await warnings(shop)] == ["LISTING"]


async def test_an_ad_that_spoils_its_page_costs_itself_alone_and_is_named(opened: Shop) -> None:
    await script(opened, "spoilt", {"ids": ["1112"]})
    await opened.connect()

    assert [row[0] for row in await opened.rows("SELECT external_id FROM ads ORDER BY 1")] == ["1111", "1121", "1211"]
    [(subject, sentence, examples)] = await warnings(opened)
    assert (subject, sentence) == (
        "LISTING",
        "The list of ads has one that the platform can't show; what was known of it stays.",
    )
    assert '"id": "1112"' in examples
    assert "2446289" in examples
    await opened.sync()
    assert await opened.rows(_SPENT) == ALL_LEVELS


async def test_nothing_follows_from_the_absence_of_what_was_not_read(shop: Shop) -> None:
    before = await shop.rows("SELECT external_id, status, delivery_status FROM ads ORDER BY 1")
    parents = "SELECT external_id, delivery_status FROM {} ORDER BY 1"
    delivering = [await shop.rows(parents.format(table)) for table in ("campaigns", "adsets")]
    await script(shop, "spoilt", {"ids": ["1112"], "whole_edge": True, "ids_too": True})
    for make in (structure_job, delivery_job):
        state, _ = await do(shop, make)
        assert state == "SUCCEEDED"
        assert await shop.rows("SELECT external_id, status, delivery_status FROM ads ORDER BY 1") == before
        assert [await shop.rows(parents.format(table)) for table in ("campaigns", "adsets")] == delivering
    sources = await fetch_work(shop.services, "SELECT source FROM sync_warnings ORDER BY 1")
    assert [row[0] for row in sources] == ["DELIVERY", "STRUCTURE"]


async def test_a_listing_that_is_whole_again_is_named_no_more(shop: Shop) -> None:
    await script(shop, "spoilt", {"ids": ["1112"], "whole_edge": True, "ids_too": True})
    await do(shop, structure_job)
    assert len(await warnings(shop)) == 1
    async with httpx.AsyncClient() as client:
        (await client.delete(f"{shop.url}/sandbox/spoilt")).raise_for_status()
    await do(shop, structure_job)

    assert await warnings(shop) == []


async def test_an_account_of_which_nothing_is_listed_is_asked_for_its_numbers_all_the_same(opened: Shop) -> None:
    spoilt = [{"ids": [each], "whole_edge": True, "ids_too": True} for each in ("11", "111", "1111")]
    await script(opened, "spoilt", *spoilt)
    await opened.connect()
    await opened.sync()

    assert await opened.rows(_SPENT) == ALL_LEVELS
    assert len(await warnings(opened)) >= 3


@pytest.mark.parametrize(
    "fault",
    [
        {"code": 1, "http_status": 500},
        {"code": 2, "http_status": 500, "transient": True},
        {"form": "html", "http_status": 502},
        {"form": "html", "http_status": 200},
    ],
)
async def test_what_an_account_has_does_not_hang_on_its_own_node(opened: Shop, fault: dict[str, object]) -> None:
    await opened.arm({"match": {"edge": "node"}, "times": None, **fault})
    await opened.connect()
    await until_ended(opened)

    assert await states(opened) == {("structure", "SUCCEEDED")}
    assert await opened.value("SELECT count(*) FROM ads") == 4
    [(subject, sentence, _)] = await warnings(opened)
    assert (subject, sentence[:53]) == ("ACCOUNT", "The account could not be read; what was known stays. ")
    await opened.sync()
    assert await opened.rows(_SPENT) == ALL_LEVELS


async def test_an_account_that_is_a_list_costs_itself_alone(opened: Shop) -> None:
    await play(opened, '[[oddities]]\nmatch = { edge = "node" }\npart = "answer"\njson = \'[]\'')
    await opened.connect()
    await until_ended(opened)

    assert await opened.value("SELECT count(*) FROM ads") == 4
    assert [row[0] for row in await warnings(opened)] == ["ACCOUNT"]


async def test_an_account_of_which_nothing_is_answered_is_a_failure(opened: Shop) -> None:
    await opened.arm({"times": None, "form": "html", "http_status": 502})
    await opened.connect()
    await until_ended(opened)

    assert await states(opened) == {("structure", "FAILED")}


async def until_ended(shop: Shop) -> None:
    """Do the tries that are left."""
    for _ in range(3):
        await make_all_due(shop.services)
        await work_until_idle(shop.services)


@pytest.mark.parametrize("then", ["empty", "repeated", "circle"])
async def test_statistics_without_end_come_as_a_report(opened: Shop, then: str) -> None:
    await opened.connect()
    await script(opened, "endless", {"match": {"edge": "insights", "level": "ad", "method": "GET"}, "then": then})
    run = await opened.sync()

    assert await run_state(opened.services, run) == "SUCCEEDED"
    assert await opened.rows(_SPENT) == ALL_LEVELS
    calls = await opened.calls()
    walked = {"empty": 6, "repeated": 6, "circle": 2}[then]
    assert (calls["insights"], calls["report_rows"]) == (3 + walked + 1, 1)


async def test_every_call_of_a_walk_counts_in_the_hours_budget(opened: Shop) -> None:
    await opened.connect()
    await script(opened, "endless", {"match": {"edge": "ads"}})
    connection_id = await opened.value("SELECT id FROM fb_connections")
    assert connection_id
    before = await counted(opened)
    await do(opened, structure_job)

    assert await counted(opened) - before == 1 + 1 + 1 + 6  # the account, campaigns, ad sets, ads and what follows


async def counted(shop: Shop) -> int:
    """Calls that the budget of ads management holds."""
    [key] = await shop.services.redis.keys("pixecom:calls:*:ADS_MANAGEMENT:count")
    return sum(map(int, await shop.services.redis.hvals(key)))


@pytest.mark.parametrize(
    "fault",
    [
        {"code": 2601, "subcode": 1815107, "times": 3, "transient": True},
        {"code": 2601, "subcode": 1815107, "times": 3},
        {"code": 100, "subcode": 33, "times": 2},
        {"code": 100, "subcode": 1234567, "transient": True},
    ],
)
async def test_a_finished_report_that_meta_denies_is_read_again(opened: Shop, fault: dict[str, object]) -> None:
    await opened.connect()
    reporting = pointed_shop(opened, meta_async_rows=1)
    await opened.arm({"match": {"edge": "report_rows"}, **fault})
    run = await reporting.sync(levels=None)

    assert await run_state(opened.services, run) == "SUCCEEDED"
    assert await opened.rows(_SPENT) == ALL_LEVELS
    calls = await opened.calls()
    tried = int(str(fault.get("times", 1)))
    assert (calls["insights"], calls["report_rows"]) == (4, 4 + tried)


async def test_a_level_whose_reports_come_at_no_size_leaves_calls_for_the_others(opened: Shop) -> None:
    await opened.connect()
    reporting = pointed_shop(opened, meta_async_rows=1)
    await opened.arm({"match": {"edge": "report_rows"}, "times": None, "form": "empty", "http_status": 200})
    run = await reporting.sync(levels=[Level.AD])

    assert await run_state(opened.services, run) == "RUNNING"  # the job tries again
    calls = await opened.calls()
    # The whole at all sizes and once more, a campaign, its days until two are lost, and the other campaign.
    assert calls["report_rows"] == 8 + 2 + 2 * 5
    # One lists the campaigns; each report is polled thrice.
    assert (calls["insights"], calls["report"]) == (1 + 7, 3 * 7)


async def test_days_whose_reports_come_at_no_size_cost_themselves_alone(opened: Shop) -> None:
    await opened.connect()
    reporting = pointed_shop(opened, meta_async_rows=1)
    await opened.arm({"match": {"edge": "report_rows"}, "times": 18, "form": "empty", "http_status": 200})
    run = await reporting.sync(levels=[Level.AD])

    assert await run_state(opened.services, run) == "SUCCEEDED"
    assert await opened.rows(_SPENT) == [(3, 500)]
    assert {row[0] for row in await warnings(opened)} == {"INSIGHTS_ROW"}


def pointed_shop(shop: Shop, **settings: object) -> Shop:
    return replace(shop, services=pointed_at(shop.services, shop.url, **settings))
