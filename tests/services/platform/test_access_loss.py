"""Access that Meta withdraws ends all calls for the account, however it is said; one odd answer does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.metrics.levels import Level
from app.services.jobs.new_jobs import AccountKey, structure_job
from app.vocabulary import Priority
from tests.graphql_schema.small_world import SmallWorld, Tenant
from tests.services.jobs_at_hand import enqueue
from tests.services.shop import add_owner
from tests.services.working import make_all_due, work_until_idle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.embedded.throwaway import ThrowawayDatabase
    from app.services.context import Services
    from tests.services.shop import Shop

ACCOUNT = "{ adAccounts { nodes { health healthClass healthReason freshness { reason } } } }"
NO_OBJECT = "Object with ID 'act_1' does not exist, cannot be loaded due to missing permissions, or does not support"
LOSSES = [
    (100, 33, 400, NO_OBJECT, "PERMISSION"),
    (100, None, 400, "Missing permissions", "PERMISSION"),
    (100, 1815089, 400, "You do not have access to this ad account", "PERMISSION"),
    (803, None, 404, "Some of the aliases you requested do not exist: act_1", "PERMISSION"),
    (368, None, 400, "The action attempted has been deemed abusive or is otherwise disallowed", "PERMISSION"),
    (3, 1, 400, "Application does not have the capability to make this API call", "PERMISSION"),
    (294, 5, 400, "Managing advertisements requires an access token with the extended permission", "PERMISSION"),
    (278, 1349125, 400, "Reading advertisements requires ads_read", "PERMISSION"),
    (1234567, None, 403, "Something", "PERMISSION"),
    (1234567, None, 401, "Something", "TOKEN"),
    (1234567, None, 400, "User has not authorized application 1", "PERMISSION"),
    (1234567, None, 400, "Something", "PERMISSION"),
    (33, None, 400, "This object does not exist or does not support this action", "PERMISSION"),
    (452, None, 400, "Session key invalid or no longer valid", "TOKEN"),
    (1, None, 400, "User does not have access to the ad account", "PERMISSION"),
    (2, None, 400, "This ad account has been disabled", "PERMISSION"),
    (190, 777, 400, "Something", "TOKEN"),
    (102, 9, 400, "Something", "TOKEN"),
    (2500, None, 400, "An active access token must be used to query information about the current user.", "TOKEN"),
    (100, None, 400, "Error validating access token: the session has expired", "TOKEN"),
    (100, None, 400, "(#100) Object does not exist", "PERMISSION"),
    (100, None, 400, "Cannot access an object not managed by the business system user.", "PERMISSION"),
    (100, 1815197, 400, "Invalid parameter", "PERMISSION"),
    (100, 1487194, 400, "The ad account was removed from your business.", "PERMISSION"),
    (100, None, 400, "Unsupported get request.", "PERMISSION"),
    (100, None, 404, "(#100) No node specified", "PERMISSION"),
    (3018, None, 400, "Something", "PERMISSION"),
    (1487534, None, 400, "Something", "PERMISSION"),
    (100, None, 400, "Conversions are no longer shared with you: the account has left the business", "PERMISSION"),
    (1234567, None, 403, "You do not have permission to see this ad account", "PERMISSION"),
    (10, None, 400, "Application does not have permission for this action", "PERMISSION"),
    (272, None, 403, "This user is not allowed", "PERMISSION"),
    (100, 99, 400, "You lack permission", "PERMISSION"),
]
# Said of a call or an object, while the account answers for itself.
REFUSALS = [
    (100, None, "(#100) Object does not exist"),
    (100, 33, "Unsupported get request. Object with ID '1' does not exist"),
    (100, 1815197, "Invalid parameter"),
    (100, 1487534, "Invalid parameter"),
    (100, 2446289, "The creative of an ad is missing"),
    (803, None, "Some of the aliases you requested do not exist: 1"),
    (2500, None, "Unknown path components: /x"),
    (3018, None, "The start date of the time range cannot be beyond 37 months from the current date"),
    (1234567, 1, "Something"),
]


@pytest.fixture
async def reader(database: ThrowawayDatabase, services: Services, shop: Shop) -> Tenant:
    """The shop as its owner sees it."""
    return Tenant(SmallWorld(database, services), shop.seller_id, await add_owner(services, shop.seller_id))


async def account_of(reader: Tenant) -> Any:
    [account] = (await reader.ask(ACCOUNT))["adAccounts"]["nodes"]
    return account


def refusing(
    code: int, subcode: int | None, status: int, message: str, *, times: int | None = None, **match: str
) -> Mapping[str, object]:
    return {
        "match": {"account": "act_1", **match},
        "times": times,
        "code": code,
        "subcode": subcode,
        "http_status": status,
        "message": message,
    }


@pytest.mark.parametrize(("code", "subcode", "status", "message", "trouble"), LOSSES)
async def test_access_that_is_lost_ends_all_calls(
    shop: Shop, reader: Tenant, code: int, subcode: int | None, status: int, message: str, trouble: str
) -> None:
    await shop.arm(refusing(code, subcode, status, message))
    await shop.sync()
    account = await account_of(reader)
    assert (account["health"], account["healthClass"]) == ("UNHEALTHY", trouble)
    assert message in account["healthReason"]
    assert account["freshness"]["reason"] == {"TOKEN": "TOKEN_EXPIRED"}.get(trouble, trouble)
    assert await shop.value("SELECT count(*) FROM jobs WHERE state NOT IN ('SUCCEEDED', 'FAILED')") == 0


@pytest.mark.parametrize(
    ("code", "subcode", "status", "message"),
    [loss[:4] for loss in LOSSES if loss[0] in {100, 803, 368, 1234567} and "has not auth" not in loss[3]],
)
async def test_one_such_answer_costs_itself(
    shop: Shop, reader: Tenant, code: int, subcode: int | None, status: int, message: str
) -> None:
    await shop.arm(refusing(code, subcode, status, message, times=1, edge="insights"))
    await shop.sync()
    assert (await account_of(reader))["health"] == "HEALTHY"
    assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily WHERE level = 0") in {
        60_000_000,
        None,
    }


async def test_passing_trouble_that_speaks_of_access_once_has_passed(shop: Shop, reader: Tenant) -> None:
    await shop.arm(refusing(2, None, 500, "Access to this service is restricted for a moment", times=1))
    await shop.sync()
    assert (await account_of(reader))["health"] == "HEALTHY"
    assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily WHERE level = 0") == 60_000_000


async def test_a_listing_that_speaks_of_permissions_is_only_a_listing(shop: Shop, reader: Tenant) -> None:
    message = "The post you selected could be deleted or you might not have permissions to see it."
    await shop.arm(refusing(100, 2446289, 400, message, edge="adsets"))
    await shop.sync()
    assert (await account_of(reader))["health"] == "HEALTHY"
    assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily WHERE level = 0") == 60_000_000


OF_PERMISSION = [(10, None), (200, 1), (294, 5), (3, None)]


@pytest.mark.parametrize("edge", ["adsets", "ads", "node"])
@pytest.mark.parametrize(("code", "subcode"), OF_PERMISSION)
async def test_a_permission_that_lacks_at_one_place_costs_that_place_alone(
    shop: Shop, reader: Tenant, connection_id: UUID, edge: str, code: int, subcode: int | None
) -> None:
    await shop.arm(refusing(code, subcode, 403, "Permission denied", edge=edge))
    await enqueue(shop.services, structure_job(AccountKey(shop.seller_id, connection_id), priority=Priority.MANUAL))
    await shop.sync(levels=[Level.ACCOUNT])
    assert (await account_of(reader))["health"] == "HEALTHY"
    assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily WHERE level = 0") == 60_000_000
    assert f"code {code}" in str(await shop.rows("SELECT sentence FROM sync_warnings"))


@pytest.mark.parametrize(("code", "subcode"), OF_PERMISSION)
async def test_numbers_that_are_refused_for_a_permission_leave_the_account_healthy(
    shop: Shop, reader: Tenant, code: int, subcode: int | None
) -> None:
    await shop.arm(refusing(code, subcode, 403, "Permission denied", edge="insights"))
    await shop.sync(levels=[Level.AD])
    account = await account_of(reader)
    assert (account["health"], account["freshness"]["reason"]) == ("HEALTHY", "REFUSED")
    await shop.disarm()
    await shop.sync()
    assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily WHERE level = 0") == 60_000_000


@pytest.mark.parametrize("code", [10, 190])
async def test_a_refusal_that_calls_itself_passing_has_passed_in_the_next_try(
    shop: Shop, reader: Tenant, code: int
) -> None:
    await shop.arm({**refusing(code, None, 400, "Something", times=1), "transient": True})
    await shop.sync()
    assert (await account_of(reader))["health"] == "HEALTHY"
    assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily WHERE level = 0") == 60_000_000


@pytest.mark.parametrize(
    ("code", "subcode", "status", "message"),
    [
        (1, None, 500, "User does not have access to the ad account"),
        (1234567, None, 500, "You do not have permission to see this ad account"),
        (2, None, 400, "This service is restricted during maintenance"),
        (10, None, 503, "Something"),
        (10, 2446079, 400, "User request limit reached"),
        (80012, 2446079, 400, "There have been too many calls from this Business"),
    ],
)
async def test_an_outage_or_a_throttle_takes_no_account(
    shop: Shop, reader: Tenant, code: int, subcode: int | None, status: int, message: str
) -> None:
    await shop.arm(refusing(code, subcode, status, message))
    await shop.sync(levels=[Level.ACCOUNT])
    for _ in range(2):
        await make_all_due(shop.services)
        await work_until_idle(shop.services)
    assert (await account_of(reader))["health"] == "HEALTHY"


async def test_a_doubt_is_settled_by_one_call(shop: Shop, reader: Tenant, connection_id: UUID) -> None:
    before = sum((await shop.calls()).values())
    await shop.arm(refusing(100, 33, 400, NO_OBJECT))
    await shop.sync()
    assert (await account_of(reader))["healthClass"] == "PERMISSION"
    assert sum((await shop.calls()).values()) - before <= 8  # four levels may have begun, a doubt each
    assert await shop.value("SELECT health FROM fb_connections WHERE id = $1", connection_id) == "UNHEALTHY"


@pytest.mark.parametrize("edge", ["insights", "campaigns", "ads"])
@pytest.mark.parametrize(("code", "subcode", "message"), REFUSALS)
async def test_what_is_refused_of_an_account_that_answers_is_no_loss(
    shop: Shop, reader: Tenant, edge: str, code: int, subcode: int | None, message: str
) -> None:
    await shop.arm(refusing(code, subcode, 400, message, edge=edge))
    await shop.sync()
    assert (await account_of(reader))["health"] == "HEALTHY"


async def test_an_account_that_alone_is_refused_is_no_loss(shop: Shop, reader: Tenant) -> None:
    """Its campaigns can be listed, though its node is refused and its ads are."""
    for edge in ("node", "insights"):
        await shop.arm(refusing(100, 1885183, 400, "Odd", edge=edge))
    await shop.sync()
    assert (await account_of(reader))["health"] == "HEALTHY"


@pytest.mark.parametrize("code", [100, 1234567])
async def test_an_account_that_is_refused_in_words_of_a_loss_and_can_be_listed_is_not_lost(
    shop: Shop, reader: Tenant, code: int
) -> None:
    for edge in ("node", "insights", "ads"):
        await shop.arm(refusing(code, 33, 400, NO_OBJECT, edge=edge))
    await shop.sync()
    assert (await account_of(reader))["health"] == "HEALTHY"


@pytest.mark.parametrize("status", [302, 401, 403, 404, 451])
async def test_an_account_that_alone_is_refused_without_a_reason_is_lost_in_the_second_round(
    shop: Shop, reader: Tenant, status: int
) -> None:
    before = sum((await shop.calls()).values())
    await shop.arm({"match": {"account": "act_1"}, "times": None, "form": "html", "http_status": status})
    await shop.sync(levels=[Level.ACCOUNT])
    account = await account_of(reader)
    assert (account["health"], account["freshness"]["reason"]) == ("HEALTHY", "REFUSED")
    await shop.sync(levels=[Level.ACCOUNT])
    account = await account_of(reader)
    assert (account["health"], account["healthClass"]) == ("UNHEALTHY", "PERMISSION")
    assert f"HTTP {status}" in account["healthReason"]
    assert sum((await shop.calls()).values()) - before == 4  # in each round one call and one look at the account


async def test_a_refusal_without_a_reason_that_ended_between_two_rounds_is_no_loss(shop: Shop, reader: Tenant) -> None:
    for _ in range(2):
        await shop.arm({"match": {"account": "act_1"}, "times": None, "form": "html", "http_status": 403})
        await shop.sync(levels=[Level.ACCOUNT])
        await shop.disarm()
        await shop.sync(levels=[Level.ACCOUNT])
    assert (await account_of(reader))["health"] == "HEALTHY"


async def test_a_firewall_before_all_of_graph_takes_no_account(shop: Shop, reader: Tenant) -> None:
    await shop.arm({"match": {}, "times": None, "form": "html", "http_status": 403})
    for _ in range(3):
        await shop.sync(levels=[Level.ACCOUNT])
    account = await account_of(reader)
    assert (account["health"], account["freshness"]["reason"]) == ("HEALTHY", "REFUSED")

    await shop.disarm()
    await shop.sync(levels=[Level.ACCOUNT])
    assert (await account_of(reader))["freshness"]["reason"] != "REFUSED"


async def test_a_firewall_is_asked_rarely_and_believed_for_no_longer_than_it_stands(shop: Shop, reader: Tenant) -> None:
    before = sum((await shop.calls()).values())
    await shop.arm({"match": {"account": "act_1"}, "times": None, "form": "html", "http_status": 403})
    await shop.sync()
    assert sum((await shop.calls()).values()) - before <= 8  # four levels, one look at the account for each
    assert await shop.value("SELECT count(*) FROM jobs WHERE state NOT IN ('SUCCEEDED', 'FAILED')") == 0
    assert await shop.value("SELECT DISTINCT state FROM jobs WHERE kind = 'stats'") == "FAILED"
    assert (await account_of(reader))["health"] == "HEALTHY"

    await shop.disarm()
    await shop.sync()
    assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily WHERE level = 0") == 60_000_000


async def test_one_page_of_a_firewall_costs_nothing(shop: Shop, reader: Tenant) -> None:
    await shop.arm({"match": {"account": "act_1", "edge": "insights"}, "times": 1, "form": "html", "http_status": 403})
    await shop.sync()
    assert (await account_of(reader))["health"] == "HEALTHY"
    assert await shop.value("SELECT sum(spend_micros)::bigint FROM ad_stats_daily WHERE level = 0") == 60_000_000


@pytest.mark.parametrize("fault", [{"form": "html", "http_status": 503}, {"form": "html", "http_status": 200}])
async def test_an_account_of_which_nothing_is_answered_is_asked_rarely(
    shop: Shop, reader: Tenant, fault: Mapping[str, object]
) -> None:
    before = sum((await shop.calls()).values())
    await shop.arm({"match": {"account": "act_1"}, "times": None, **fault})
    await shop.sync(levels=[Level.AD])
    for _ in range(2):
        await make_all_due(shop.services)
        await work_until_idle(shop.services)
    account = await account_of(reader)
    assert (account["health"], account["freshness"]["reason"]) == ("HEALTHY", "FAILING")
    assert sum((await shop.calls()).values()) - before == 9  # in each of three tries a page, once more, and the account
