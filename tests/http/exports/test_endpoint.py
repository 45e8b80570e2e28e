"""Exports equal the lists that they are exports of, row for row and error for error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.services.context import open_services
from tests.graphql_schema.golden_world import WEEK, GoldenWorld, plant
from tests.graphql_schema.small_world import SmallWorld
from tests.http.exported import EVERY_METRIC, Exports, as_csv, exports_of, module_settings, served

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from app.embedded.throwaway import ThrowawayDatabase, ThrowawayServers

USD = {"currency": "USD"}
BY_NAME = [{"field": "NAME"}]
DEAREST = [{"field": "SPEND", "direction": "DESC"}]
THEN = "2026-03-05T00:30:00Z"
MARCH = {"custom": {"from": "2026-02-24", "to": "2026-03-08"}}
NEGATIVE_DAY, NEGATIVE_AT = date(2026, 3, 3), datetime(2026, 3, 4, tzinfo=UTC)
HARMFUL = {
    "=1+2": "'=1+2",
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    "\r=1": "'\r=1",
    '"quoted", and\r\nlong': '"quoted", and\r\nlong',
    "Thời trang ☀": "Thời trang ☀",
    "a=b": "a=b",
}

LISTS: list[tuple[str, dict[str, Any]]] = [
    ("campaigns", {}),
    ("campaigns", {"range": WEEK, "orderBy": BY_NAME}),
    ("campaigns", {"range": {"preset": "TODAY"}, "orderBy": [{"field": "NAME", "direction": "DESC"}]}),
    ("campaigns", {"range": WEEK, "filter": USD, "orderBy": DEAREST}),
    ("campaigns", {"range": WEEK, "orderBy": [{"field": "ROAS"}, {"field": "NAME"}]}),
    ("campaigns", {"range": WEEK, "filter": USD, "orderBy": [{"field": "SPEND", "change": "ABSOLUTE"}]}),
    ("campaigns", {"range": WEEK, "filter": {"metrics": [{"metric": "PURCHASES", "op": "GTE", "value": 1}]}}),
    ("campaigns", {"range": WEEK, "filter": {"status": []}}),
    ("campaigns", {"range": WEEK, "asOf": THEN, "orderBy": BY_NAME}),
    ("campaigns", {"range": {"preset": "LAST_7_DAYS"}, "asOf": THEN, "filter": USD, "orderBy": DEAREST}),
    ("adsets", {"range": WEEK, "orderBy": DEAREST, "filter": USD}),
    ("adsets", {"range": None, "asOf": None, "filter": None, "orderBy": None}),
    ("ads", {"range": WEEK, "orderBy": BY_NAME}),
    ("ads", {"range": WEEK, "filter": {"adset": {"name": "one"}, **USD}, "orderBy": DEAREST}),
]
SERIES: list[tuple[str, dict[str, Any]]] = [
    (name, {"granularity": granularity, **arguments})
    for granularity in ("DAY", "WEEK", "MONTH")
    for name, arguments in (
        ("campaigns", {"range": MARCH, "orderBy": BY_NAME}),
        ("campaigns", {"range": MARCH, "asOf": THEN, "filter": USD, "orderBy": DEAREST}),
        ("ads", {"range": WEEK}),
    )
]
BAD: list[tuple[str, dict[str, Any]]] = [
    ("campaigns", {"range": {"preset": "EVER"}}),
    ("campaigns", {"range": {"preset": "TODAY", "custom": WEEK["custom"]}}),
    ("campaigns", {"range": {}}),
    ("campaigns", {"range": "TODAY"}),
    ("campaigns", {"range": {"custom": {"from": "2026-03-09", "to": "2026-03-01"}}}),
    ("campaigns", {"range": {"custom": {"from": "2026-02-30", "to": "2026-03-01"}}}),
    ("campaigns", {"range": {"custom": {"from": "2020-01-01", "to": "2026-03-01"}}}),
    ("campaigns", {"asOf": "yesterday"}),
    ("campaigns", {"asOf": "2027-01-01T00:00:00Z"}),
    ("campaigns", {"asOf": "2024-01-01T00:00:00Z"}),
    ("campaigns", {"asOf": THEN, "range": {"custom": {"from": "2024-12-01", "to": "2024-12-02"}}}),
    ("campaigns", {"filter": {"unknown": 1}}),
    ("campaigns", {"filter": {"ids": ["nonsense"]}}),
    ("campaigns", {"filter": {"currency": "dollars"}}),
    ("campaigns", {"filter": {"name": "x" * 101}}),
    ("campaigns", {"filter": {"metrics": [{"metric": "SPEND", "op": "GT", "value": 1.5}]}}),
    ("campaigns", {"filter": {"metrics": [{"metric": "SPEND", "op": "GT", "value": "1"}]}, "range": WEEK}),
    ("campaigns", {"filter": {"campaignIds": []}}),
    ("campaigns", {"orderBy": DEAREST}),
    ("campaigns", {"orderBy": [{"field": "BUDGET"}]}),
    ("campaigns", {"orderBy": [{"field": "NAME", "change": "RELATIVE"}]}),
    ("campaigns", {"orderBy": [{"field": "NAME"}] * 6}),
    ("campaigns", {"orderBy": [{"direction": "DESC"}]}),
    ("adsets", {"filter": {"campaign": {"currency": "dollars"}}}),
    ("ads", {"orderBy": [{"field": "BUDGET"}]}),
    ("ads", {"filter": {"adsetIds": ["", 5]}}),
]


@pytest.fixture(scope="module")
async def world(
    shared_database: ThrowawayDatabase, embedded_servers: ThrowawayServers, worker_id: str
) -> AsyncGenerator[SmallWorld]:
    settings = module_settings(shared_database, embedded_servers, worker_id)
    async with open_services(settings, process="tests") as services:
        yield SmallWorld(shared_database, services)


@pytest.fixture(scope="module")
async def golden(world: SmallWorld) -> GoldenWorld:
    return await plant(world)


@pytest.fixture(scope="module")
async def url(world: SmallWorld) -> AsyncGenerator[str]:
    async with served(world.services) as address:
        yield address


@pytest.fixture
def exports(golden: GoldenWorld, url: str) -> Exports:
    return exports_of(golden.tenant, url)


@pytest.mark.parametrize(("name", "arguments"), LISTS + SERIES)
async def test_an_export_equals_its_list(exports: Exports, name: str, arguments: Mapping[str, Any]) -> None:
    listed = await exports.listed(name, **arguments)

    assert await exports.ndjson(name, **arguments) == listed
    assert await exports.csv(name, **arguments) == as_csv(listed)


async def test_what_is_compared_is_not_nothing(exports: Exports) -> None:
    by_day = await exports.ndjson("campaigns", range=WEEK, filter=USD, orderBy=DEAREST, granularity="DAY")

    assert [(row["name"], row["from"], row["to"], row["spend"]) for row in by_day] == [
        ("Alpha", "2026-03-02", "2026-03-02", "40.06"),
        ("Alpha", "2026-03-04", "2026-03-04", "30.06"),
        ("Alpha", "2026-03-08", "2026-03-08", "30.00"),
        ("Beta", "2026-03-03", "2026-03-03", "50.00"),
        ("Coast", "2026-03-07", "2026-03-07", "8.00"),
        ("Coast", "2026-03-08", "2026-03-08", "12.00"),
    ]
    weeks = await exports.ndjson("campaigns", range=MARCH, filter={"name": "Alpha"}, granularity="WEEK")
    assert [(row["from"], row["to"]) for row in weeks] == [("2026-02-24", "2026-03-01"), ("2026-03-02", "2026-03-08")]


async def test_the_head_of_the_answer(exports: Exports) -> None:
    csv = await exports.post("ads.csv", {"range": WEEK, "granularity": "DAY"})
    ndjson = await exports.post("campaigns.ndjson", {"range": WEEK})

    assert csv.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert csv.headers["content-disposition"] == 'attachment; filename="ads_2026-03-02_2026-03-08_by_day.csv"'
    assert csv.headers["cache-control"] == "no-store"
    assert ndjson.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    assert ndjson.headers["content-disposition"] == 'attachment; filename="campaigns_2026-03-02_2026-03-08.ndjson"'
    assert csv.text.splitlines()[0] == (
        "id,name,externalId,status,deliveryStatus,adAccountId,adAccountName,campaignId,campaignName,adsetId,adsetName,"
        f"from,to,currency,{','.join(EVERY_METRIC)},hasData,syncedAt,isFinal"
    )


async def test_an_empty_list_has_a_head_alone(exports: Exports) -> None:
    arguments: dict[str, Any] = {"filter": {"ids": []}, "granularity": "DAY"}
    csv = await exports.post("campaigns.csv", arguments)
    ndjson = await exports.post("campaigns.ndjson", arguments)

    assert csv.content.startswith(b"id,name,")
    assert csv.content.endswith(b",isFinal\r\n")
    assert csv.content.count(b"\r\n") == 1
    assert ndjson.content == b""


async def test_a_seller_without_accounts(world: SmallWorld, url: str) -> None:
    exports = exports_of(await world.add_seller("newcomer"), url)

    assert await exports.csv("campaigns") == []
    assert (await exports.post("ads.csv", {})).headers["content-disposition"] == 'attachment; filename="ads.csv"'


async def test_no_text_is_a_formula(world: SmallWorld, url: str) -> None:
    tenant = await world.add_seller("formulas")
    account = await tenant.add_account(name="=cmd()", currency="USD")
    for name in HARMFUL:
        campaign = await tenant.add_campaign(account, name, external_id=f"-{name}")
        await tenant.add_ad(await tenant.add_adset(campaign, name), name)
    exports = exports_of(tenant, url)

    rows = await exports.csv("ads", orderBy=[{"field": "CREATED_AT"}, {"field": "NAME"}])
    shown = [(row["name"], row["campaignName"], row["adsetName"], row["adAccountName"]) for row in rows]
    assert sorted(shown) == sorted((name, name, name, "'=cmd()") for name in HARMFUL.values())
    assert {row["externalId"] for row in await exports.csv("campaigns")} == {f"'-{name}" for name in HARMFUL}
    assert sorted(row["name"] for row in await exports.ndjson("ads")) == sorted(HARMFUL)


async def test_a_negative_number_is_a_number(world: SmallWorld, url: str) -> None:
    tenant = await world.add_seller("corrected")
    campaign = await tenant.add_campaign(await tenant.add_account(), budget_micros=1_500_000, budget_type="DAILY")
    await tenant.add_snapshot(campaign, NEGATIVE_DAY, at=NEGATIVE_AT, spend_micros=-5_000_000, impressions=10)
    exports = exports_of(tenant, url)

    [row] = await exports.csv("campaigns", range=WEEK)
    assert (row["spend"], row["cpm"], row["budget"]) == ("-5.00", "-500.00", "1.50")


@pytest.mark.parametrize(("name", "arguments"), BAD)
async def test_bad_input_is_told_as_graphql_tells_it(exports: Exports, name: str, arguments: dict[str, Any]) -> None:
    refused = await exports.refused(name, arguments)

    assert refused == await exports.refused_by_list(name, arguments)
    assert all(extensions["argument"] for _, extensions in refused)


async def test_mixed_currencies(exports: Exports) -> None:
    [(_, extensions)] = await exports.refused("campaigns", {"orderBy": DEAREST})

    assert extensions == {"code": "MIXED_CURRENCIES", "argument": "orderBy.0.field", "currencies": ["JPY", "USD"]}


async def test_arguments_that_only_an_export_has(exports: Exports) -> None:
    [(message, extensions)] = await exports.refused("ads", {"granularity": "HOUR"})
    assert message.startswith("Variable '$granularity' has invalid value: Value 'HOUR' does not exist")
    assert extensions == {"code": "BAD_USER_INPUT", "argument": "granularity"}

    known = "which has range, asOf, filter, orderBy, granularity"
    assert await exports.refused("ads", {"first": 5, "sort": 1}) == [
        (f"{name}: is not an argument of an export, {known}", {"code": "BAD_USER_INPUT", "argument": name})
        for name in ("first", "sort")
    ]


async def test_many_and_long_unknown_arguments_are_told_in_short(exports: Exports) -> None:
    many = await exports.refused("ads", {f"a{number}": 1 for number in range(5_000)})
    assert [extensions["argument"] for _, extensions in many] == [f"a{number}" for number in range(20)]

    [(message, extensions)] = await exports.refused("ads", {"a" * 390_000: 1})
    assert len(message) < 400
    assert len(extensions["argument"]) == 200


async def test_another_sellers_ids_find_nothing(golden: GoldenWorld, world: SmallWorld, url: str) -> None:
    other = exports_of(await world.add_seller("other"), url)

    assert await other.csv("campaigns", filter={"ids": [golden.gid("Alpha")]}) == []
    assert await other.csv("ads", filter={"campaignIds": [golden.gid("Alpha")]}) == []
    assert await other.csv("campaigns") == []


async def test_whoever_may_read_may_export(golden: GoldenWorld, url: str) -> None:
    analyst = exports_of(golden.tenant, url, role="ANALYST")

    assert len(await analyst.csv("campaigns", range=WEEK)) == 5


async def test_nobody_without_a_token(exports: Exports) -> None:
    anonymous = await Exports(exports.url, {}).post("ads.csv", {"range": "wrong"})
    forged = await Exports(exports.url, {"Authorization": "Bearer x.y.z"}).post("ads.csv", {})
    basic = await Exports(exports.url, {"Authorization": "Basic eDp5"}).post("ads.csv", {})

    assert [answer.status_code for answer in (anonymous, forged, basic)] == [401, 401, 401]
    assert anonymous.json() == {
        "errors": [
            {
                "message": "This needs an access token: log in and send it as a Bearer token.",
                "extensions": {"code": "UNAUTHENTICATED"},
            }
        ]
    }
    assert anonymous.headers["www-authenticate"] == 'Bearer realm="pixecom"'
    assert forged.headers["www-authenticate"].startswith('Bearer realm="pixecom", error="invalid_token"')


@pytest.mark.parametrize("file", ["sellpages.csv", "ads.xlsx", "ads", "ads.csv.gz", ".csv"])
async def test_there_are_no_other_files(exports: Exports, file: str) -> None:
    answer = await exports.post(file, {})

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["extensions"] == {"code": "NOT_FOUND"}


async def test_requests_that_are_no_json_posts(exports: Exports) -> None:
    path = f"{exports.url}/export/ads.csv"
    json = {**exports.headers, "Content-Type": "application/json"}
    async with httpx.AsyncClient() as client:
        get = await client.get(path, headers=exports.headers)
        text = await client.post(path, headers=exports.headers, content="{}")
        broken = await client.post(path, headers=json, content="{")
        array = await client.post(path, headers=json, content="[]")
        large = await client.post(path, headers=json, content=b'"' + b"x" * 1_000_001 + b'"')

    assert (get.status_code, get.headers["allow"]) == (405, "POST")
    assert (text.status_code, large.status_code) == (415, 413)
    assert (broken.status_code, broken.json()["errors"][0]["message"]) == (400, "The body must be valid JSON.")
    assert (array.status_code, array.json()["errors"][0]["message"]) == (400, "The body must be a JSON object.")
