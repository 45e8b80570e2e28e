"""Meta drops a version or a field: read without it, or one finding about the installation and few calls until then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from app.cli.reports.status_advice import list_advice
from app.services.fleet_status import read_fleet_status
from app.services.jobs.failing_work import find_held
from app.services.schedule.tick_taking import start_scheduled_job
from app.vocabulary import SyncSource
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.services.oddities_at_hand import named, play
from tests.services.shop import account, add_owner, add_seller, sandbox_for
from tests.services.working import fetch_work, work_until_idle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from app.services.fleet_status import FleetStatus
    from tests.services.shop import Shop

NUMBERS = "{ campaigns(range: {preset: LAST_7_DAYS}) { summary { spend purchases } } }"
FRESHNESS = "{ adAccounts { nodes { freshness { reason failure { work errorClass message rounds } } } } }"
OLD_VERSION = {
    "times": None,
    "code": 2635,
    "message": "You are calling a deprecated version of the Ads API.",
}


@pytest.fixture
async def shop(services: Services) -> AsyncGenerator[Shop]:
    """Two accounts that are synced."""
    with sandbox_for(services, await add_seller(services), account("1"), account("2")) as opened:
        await opened.connect("1")
        await opened.connect("2")
        yield opened


@pytest.fixture
async def reader(database: ThrowawayDatabase, services: Services, shop: Shop) -> Tenant:
    """The shop as its owner sees it."""
    return Tenant(SmallWorld(database, services), shop.seller_id, await add_owner(services, shop.seller_id))


def dropping(*fields: str) -> str:
    return f"app = {{ dropped_fields = {list(fields)} }}"


async def calls(shop: Shop) -> int:
    return sum([sum((await shop.calls(number)).values()) for number in "12"])


async def tick(shop: Shop, name: str) -> None:
    await start_scheduled_job(shop.services, name)
    await work_until_idle(shop.services)


async def fetched_long_ago(shop: Shop) -> None:
    await shop.rows("UPDATE stats_fetches SET fetched_at = fetched_at - interval '3 hours' RETURNING 1")


async def failures(reader: Tenant) -> list[Any]:
    return [each["freshness"] for each in (await reader.ask(FRESHNESS))["adAccounts"]["nodes"]]


def told(status: FleetStatus, advice: str) -> bool:
    return any(each.startswith(advice) for each in list_advice(status))


async def test_fields_of_which_no_metric_is_made_are_done_without(shop: Shop, reader: Tenant) -> None:
    await play(shop, dropping("cpm", "attribution_setting", "ad_name", "learning_stage_info"))
    await shop.sync()
    await tick(shop, "structure")
    assert (await reader.ask(NUMBERS))["campaigns"]["summary"]["spend"] == "120.00"
    assert set(await named(shop)) >= {
        "Meta no longer has the field cpm; it is read without it.",
        "Meta no longer has the field learning_stage_info; it is read without it.",
    }
    assert await fetch_work(shop.services, "SELECT 1 FROM failing_work") == []


async def test_a_field_that_a_metric_needs_is_a_finding(shop: Shop, reader: Tenant) -> None:
    await shop.sync()
    await fetched_long_ago(shop)
    await play(shop, dropping("inline_link_clicks"))
    await shop.sync()
    for freshness in await failures(reader):
        assert freshness["reason"] == "REFUSED"
        assert freshness["failure"]["errorClass"] == "REFUSED"
        assert "inline_link_clicks is not valid for fields param" in freshness["failure"]["message"]
    status = await read_fleet_status(shop.services, seller_slug=None)
    [outdated] = status.outdated
    assert (outdated.connections, outdated.error_code) == (2, 100)
    assert not status.is_well
    assert told(status, "Meta has dropped a field that this installation asks for: upgrade pixecom")


async def healths(shop: Shop) -> list[str]:
    return [row[0] for row in await shop.rows("SELECT health FROM fb_connections")]


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        (
            100,
            "API version v27.0 is not supported",
            "has dropped the version of its API that this installation asks for",
        ),
        (3, "This API version is no longer supported", "has dropped the version of its API that"),
        (2500, "Unknown path components: /v27.0/act_1", "does not know the address that this installation asks"),
        (
            190,
            "Error validating access token: The application has been deleted",
            "refuses the app of this installation",
        ),
        (200, "API access blocked.", "refuses the app of this installation"),
        (100, "Invalid appsecret_proof provided in the API argument", "refuses the app of this installation"),
    ],
)
async def test_what_is_wrong_with_the_installation_costs_no_account_its_health(
    shop: Shop, code: int, message: str, advice: str
) -> None:
    await shop.sync()
    await shop.arm({"times": None, "code": code, "message": message})
    for name in ("stats", "structure", "delivery"):
        await tick(shop, name)
    assert await healths(shop) == ["HEALTHY", "HEALTHY"]
    status = await read_fleet_status(shop.services, seller_slug=None)
    [outdated] = status.outdated
    assert (outdated.connections, outdated.error_code) == (2, code)
    assert (status.connections, status.gaps) == ((), ())
    assert told(status, f"Meta {advice}")
    before = await calls(shop)
    for name in ("stats", "structure", "delivery"):
        await tick(shop, name)
    assert await calls(shop) == before


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (100, "Field 'attribution_setting' does not exist on type AdsInsights"),
        (3, "attribution_setting field is deprecated"),
        (10, "Invalid fields: attribution_setting"),
        (200, "The metric attribution_setting has been removed"),
    ],
)
async def test_a_field_is_done_without_in_whatever_words_it_is_refused(
    shop: Shop, reader: Tenant, code: int, message: str
) -> None:
    await shop.arm({"match": {"edge": "insights"}, "times": 1, "code": code, "message": message})
    await shop.sync()
    assert (await reader.ask(NUMBERS))["campaigns"]["summary"]["spend"] == "120.00"
    assert await healths(shop) == ["HEALTHY", "HEALTHY"]
    assert "Meta no longer has the field attribution_setting; it is read without it." in await named(shop)


async def test_an_object_that_is_gone_is_no_matter_of_the_installation(shop: Shop) -> None:
    text = "The post of ad 911163001 has been removed; the field object_story_id can't be read"
    await shop.arm({"match": {"edge": "ads"}, "times": None, "code": 100, "message": text})
    await tick(shop, "structure")
    assert (await read_fleet_status(shop.services, seller_slug=None)).outdated == ()


async def test_an_ended_version_is_one_finding_and_is_asked_for_now_and_then(shop: Shop, reader: Tenant) -> None:
    await shop.sync()
    await fetched_long_ago(shop)
    await shop.arm(OLD_VERSION)
    for name in ("stats", "structure", "delivery"):
        await tick(shop, name)
    assert [each["reason"] for each in await failures(reader)] == ["REFUSED", "REFUSED"]
    status = await read_fleet_status(shop.services, seller_slug=None)
    [outdated] = status.outdated
    assert (outdated.connections, outdated.error_code) == (2, 2635)
    assert (status.connections, [each for each in list_advice(status) if "workers" in each]) == ((), [])
    assert told(status, "Meta has dropped the version of its API that this installation asks for: set META_API_VERSION")

    before = await calls(shop)
    for _ in range(3):
        for name in ("stats", "structure", "delivery"):
            await tick(shop, name)
    assert await calls(shop) == before

    await fetch_work(shop.services, "UPDATE failing_work SET ask_again_at = now() - interval '1 s' RETURNING 1")
    await tick(shop, "delivery")
    assert await calls(shop) == before + 1  # one account asks for both

    await shop.disarm()
    await fetch_work(
        shop.services,
        "UPDATE failing_work SET ask_again_at = now() - interval '1 s' WHERE work = 'DELIVERY' RETURNING 1",
    )
    await tick(shop, "delivery")
    assert await find_held(shop.services, SyncSource.DELIVERY) == frozenset()
    await tick(shop, "delivery")
    assert await fetch_work(shop.services, "SELECT 1 FROM failing_work WHERE work = 'DELIVERY'") == []


async def test_an_upgraded_version_is_one_finding(shop: Shop) -> None:
    settings = shop.services.settings.model_copy(update={"meta_api_version": "v22.0"})
    services = replace(shop.services, settings=settings)
    asking = replace(shop, services=services)
    await asking.sync()
    await tick(asking, "structure")
    status = await read_fleet_status(services, seller_slug=None)
    assert status.upgrade is not None
    assert status.upgrade.connections == 2
    assert status.upgrade.sentence.startswith("Meta answers calls of its version v22.0 in v2")
    assert (status.gaps, status.is_well) == ((), False)
    assert told(status, status.upgrade.sentence)
    assert (await read_fleet_status(shop.services, seller_slug=None)).upgrade is None


async def test_a_list_whose_field_is_gone_costs_only_itself_and_is_a_finding(shop: Shop) -> None:
    await play(shop, dropping("stop_time"))
    await tick(shop, "delivery")
    status = await read_fleet_status(shop.services, seller_slug=None)
    [outdated] = status.outdated
    assert (outdated.works, outdated.connections) == (["DELIVERY"], 2)
    assert await shop.value("SELECT count(*) FROM fb_connections WHERE delivery_synced_at IS NOT NULL") == 2


async def test_the_schedule_waits_longer_each_time(shop: Shop) -> None:
    await shop.arm(OLD_VERSION)
    pauses: list[int] = []
    for _ in range(6):
        await shop.sync()
        [row] = await fetch_work(
            shop.services,
            "SELECT extract(epoch FROM ask_again_at - last_failed_at)::int FROM failing_work"
            " WHERE work = 'INSIGHTS/AD' ORDER BY connection_id LIMIT 1",
        )
        pauses.append(row[0] // 60)
    assert pauses == [15, 30, 60, 120, 240, 240]


async def test_what_fails_in_each_round_is_the_reason_and_no_slowness(shop: Shop, reader: Tenant) -> None:
    await shop.sync()
    await fetched_long_ago(shop)
    await shop.arm(
        {"match": {"account": "act_1", "edge": "insights"}, "times": None, "code": 3018, "message": "Beyond"}
    )
    await shop.sync()
    [failing] = [each for each in await failures(reader) if each["reason"] is not None]
    assert failing == {
        "reason": "REFUSED",
        "failure": {
            "work": "INSIGHTS/ACCOUNT",
            "errorClass": "REFUSED",
            "message": "Meta answered HTTP 400, code 3018: (#3018) Beyond",
            "rounds": 1,
        },
    }
    status = await read_fleet_status(shop.services, seller_slug=None)
    assert status.outdated == ()
    assert [each for each in list_advice(status) if "start more workers" in each] == []
    await shop.disarm()
    await shop.sync()
    assert [each["reason"] for each in await failures(reader)] == [None, None]
