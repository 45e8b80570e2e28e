"""Campaigns, ad sets, ads and accounts of which something can't be read: what it costs, and what is said of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from app.errors import MisshapenError, UnfinishedWalkError
from app.providers.contract import AccountRecord, AccountStanding, AdRecord, EntityStatus
from app.providers.meta.provider import MetaProvider
from app.providers.meta.structure.parse_account import FOREIGN
from app.providers.meta.values.stored_json import DEEPEST
from app.providers.sync_warnings import Subject
from tests.providers.conftest import TOKEN, VERSION

if TYPE_CHECKING:
    import httpx

    from tests.providers.conftest import ScriptedGraph

AD: dict[str, object] = {
    "id": "31",
    "adset_id": "21",
    "campaign_id": "11",
    "name": "Video",
    "status": "ACTIVE",
    "effective_status": "ACTIVE",
}
CAMPAIGN: dict[str, object] = {"id": "11", "name": "Spring", "status": "ACTIVE", "effective_status": "ACTIVE"}
ADSET: dict[str, object] = {**CAMPAIGN, "id": "21", "campaign_id": "11"}
WHOLE = AdRecord(
    external_id="32", adset_external_id="21", campaign_external_id="11", name="Video", status=EntityStatus.ACTIVE
)


async def list_ads(meta: MetaProvider, graph: ScriptedGraph, *items: object) -> list[AdRecord]:
    graph.answer({"data": items, "paging": {}})
    return [ad async for page in meta.list_ads() for ad in page]


def said(meta: MetaProvider) -> list[tuple[Subject, str, str | None]]:
    return [(each.subject, each.sentence, each.examples[0].found) for each in meta.warnings.list_warnings()]


@pytest.mark.parametrize(
    "item", [None, [], "31", {}, {"id": None}, {"id": ""}, {"id": "3 1"}, {"id": True}, {"id": "x" * 101}]
)
async def test_an_object_without_an_id_is_left_out(meta: MetaProvider, graph: ScriptedGraph, item: Any) -> None:
    odd = AD | cast("dict[str, Any]", item) if item and isinstance(item, dict) else item
    graph.answer({"data": [odd, {**AD, "id": 32}, {**AD, "id": "33"}], "paging": {}})
    pages = aiter(meta.list_ads())
    assert [ad.external_id for ad in await anext(pages)] == ["32", "33"]
    with pytest.raises(UnfinishedWalkError, match="Meta's list of ads is not complete: 1 of it had no id"):
        await anext(pages)
    [(subject, sentence, _)] = said(meta)
    assert (subject, sentence) == (Subject.AD, "One ad has no id that can be read and was left out.")


async def test_space_around_an_id_is_no_part_of_it(meta: MetaProvider, graph: ScriptedGraph) -> None:
    [ad] = await list_ads(meta, graph, {**AD, "id": " 31\n", "adset_id": "21 "})
    assert (ad.external_id, ad.adset_external_id, said(meta)) == ("31", "21", [])


@pytest.mark.parametrize(
    ("changes", "expected", "sentence"),
    [
        ({"name": None}, {"name": "31"}, "The ad has no name; its id is shown instead."),
        ({"name": " "}, {"name": "31"}, "The ad has no name; its id is shown instead."),
        ({"name": "\x00"}, {"name": "31"}, "The ad has no name; its id is shown instead."),
        ({"name": "\u200b\ufeff \u2800"}, {"name": "31"}, "The ad has no name; its id is shown instead."),
        ({"status": "IN_DRAFT"}, {"status": "UNKNOWN"}, "The ad's status is none that is known here."),
        ({"status": None}, {"status": "UNKNOWN"}, "The ad's status is none that is known here."),
        ({"created_time": "soon"}, {"created_at": None}, "The ad's created_time can't be read and is not known."),
        ({"adset_id": []}, {"adset_external_id": None}, "The ad's adset_id can't be read and is not known."),
        ({"issues_info": "x"}, {}, "The ad's issues_info can't be read and is not known."),
        ({"effective_status": "IN_DRAFT"}, {}, "The ad's effective_status is none that is known here."),
    ],
)
async def test_what_cant_be_read_of_an_object_is_not_known(
    meta: MetaProvider, graph: ScriptedGraph, changes: dict[str, object], expected: dict[str, object], sentence: str
) -> None:
    odd, _ = await list_ads(meta, graph, {**AD, **changes}, {**AD, "id": "32"})
    assert {name: getattr(odd, name) for name in expected} == expected
    assert odd.delivery.effective_status == changes.get("effective_status", "ACTIVE")
    assert (Subject.AD, sentence) in [(subject, text) for subject, text, _ in said(meta)]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (r"Sale \ud83d", "Sale \ufffd"),
        (r"Sale \ude00\ud83d!", "Sale \ufffd\ufffd!"),
        (r"\u0000Sale\u0000", "Sale"),
        (r"\ud83d\ude00", "😀"),
    ],
)
async def test_text_is_made_storable_in_values_and_keys(
    meta: MetaProvider, graph: ScriptedGraph, text: str, stored: str
) -> None:
    adset = json.dumps(ADSET)[:-1] + ',"name":"%s","targeting":{"%s":["%s"]}}'
    graph.answer(('{"data":[' + adset % (text, text, text) + "]}").encode())
    [found] = [each async for page in meta.list_adsets() for each in page]
    assert (found.name, found.targeting) == (stored, {stored: [stored]})


@pytest.mark.parametrize("budget", ["12.5", "-1", "1" * 16, "922337203685478", "1e99", "twelve", "", True, {}])
async def test_a_budget_that_is_no_whole_number_is_not_known(
    meta: MetaProvider, graph: ScriptedGraph, budget: object
) -> None:
    graph.answer({"data": [{**CAMPAIGN, "daily_budget": budget}, {**CAMPAIGN, "id": "12", "daily_budget": 5.0e3}]})
    odd, whole = [each async for page in meta.list_campaigns() for each in page]
    assert (odd.budget_micros, odd.budget_type, whole.budget_micros) == (None, None, 50_000_000)
    assert said(meta)[0][:2] == (Subject.CAMPAIGN, "The campaign's daily_budget can't be read and is not known.")


@pytest.mark.parametrize(
    "targeting",
    ['["x"]', "5", '{"a":' * (DEEPEST + 2) + "1" + "}" * (DEEPEST + 2), '{"a":' + "[" * 5000 + "]" * 5000 + "}"],
)
async def test_targeting_costs_itself_at_most(meta: MetaProvider, graph: ScriptedGraph, targeting: str) -> None:
    whole = json.dumps({**ADSET, "id": "22", "targeting": {"age_min": 21}})
    odd = whole.replace('{"age_min": 21}', targeting).replace("22", "23")
    graph.answer(f'{{"data":[{odd},{whole}]}}'.encode())
    first, second = [each async for page in meta.list_adsets() for each in page]
    assert (first.targeting, second.targeting) == ({}, {"age_min": 21})
    assert [subject for subject, *_ in said(meta)] == [Subject.ADSET]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-03-01T00:00:00+0700", datetime(2026, 2, 28, 17, tzinfo=UTC)),
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        (1772323200, datetime(2026, 3, 1, tzinfo=UTC)),
        ("1772323200", datetime(2026, 3, 1, tzinfo=UTC)),
        (1772323200000, datetime(2026, 3, 1, tzinfo=UTC)),
        ("1969-12-31T16:00:00-0800", None),
        ("1970-01-01T00:00:00+0000", None),
        ("1970-01-01T07:00:00+0700", None),
        ("1999-12-31T23:59:59Z", None),
        ("0000-00-00", None),
        ("0000-00-00T00:00:00+0000", None),
        ("0001-01-01T00:00:00", None),
        (0, None),
        ("0", None),
        (-62135596800, None),
        ("", None),
        (None, None),
    ],
)
async def test_instants_are_read_in_every_form_and_the_early_ones_mean_none(
    meta: MetaProvider, graph: ScriptedGraph, written: object, instant: datetime | None
) -> None:
    graph.answer({"data": [{**CAMPAIGN, "start_time": written, "stop_time": written, "created_time": written}]})
    [found] = [each async for page in meta.list_campaigns() for each in page]
    assert (found.starts_at, found.ends_at, found.created_at) == (instant, instant, instant)
    assert not meta.warnings


@pytest.mark.parametrize("written", ["soon", "2026-13-01", "9999999999999999999", True, [], "9999-12-31T23:59:59-0800"])
async def test_what_is_no_instant_is_not_known(meta: MetaProvider, graph: ScriptedGraph, written: object) -> None:
    graph.answer({"data": [{**CAMPAIGN, "stop_time": written}]})
    [found] = [each async for page in meta.list_campaigns() for each in page]
    assert found.ends_at is None
    assert [text for _, text, _ in said(meta)] == ["The campaign's stop_time can't be read and is not known."]


ACCOUNT: dict[str, object] = {"name": "North", "account_status": 1, "currency": "EUR", "timezone_name": "Europe/Rome"}
KNOWN = AccountRecord(
    external_id="1001", name="Before", time_zone="Asia/Tokyo", currency="JPY", standing=AccountStanding.BLOCKED
)
CURRENCIES: list[object] = ["", None, "ZZZ", "eur", 5, []]
NO_PLACES = ("localtime", "posixrules", "Factory", "posix/UTC", "right/UTC")
TIME_ZONES: list[object] = ["", None, "America/Nowhere", "+0700", 7, [], *NO_PLACES]
STATUSES: list[object] = [None, "x", [], True]
ODD_FACTS: list[tuple[str, object, str, object]] = [
    *(("currency", odd, "currency", "JPY") for odd in CURRENCIES),
    *(("timezone_name", odd, "time_zone", "Asia/Tokyo") for odd in TIME_ZONES),
    *(("account_status", odd, "standing", AccountStanding.BLOCKED) for odd in STATUSES),
]


@pytest.mark.parametrize(("field", "odd", "name", "kept"), ODD_FACTS)
async def test_an_odd_fact_of_an_account_stays_as_it_was_known(
    graph: ScriptedGraph, http_client: httpx.AsyncClient, field: str, odd: object, name: str, kept: object
) -> None:
    meta = MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version=VERSION,
        account_external_id="1001",
        access_token=SecretStr(TOKEN),
        known=KNOWN,
    )
    graph.answer({**ACCOUNT, field: odd})
    found = await meta.get_account()
    right = {"name": "North", "time_zone": "Europe/Rome", "currency": "EUR", "standing": AccountStanding.ACTIVE}
    assert {each: getattr(found, each) for each in right} == {**right, name: kept}
    assert [(each.subject, each.sentence) for each in meta.warnings.list_warnings()] == [
        (Subject.ACCOUNT, f"The account's {field} can't be read and is not known.")
    ]


@pytest.mark.parametrize("own", ["1001", "act_1001", 1001, None, {}])
async def test_the_accounts_own_node_is_told_by_its_id(
    graph: ScriptedGraph, http_client: httpx.AsyncClient, own: object
) -> None:
    meta = MetaProvider(
        http_client,
        graph_url=graph.url,
        api_version=VERSION,
        account_external_id="act_1001",
        access_token=SecretStr(TOKEN),
        known=KNOWN,
    )
    graph.answer({**ACCOUNT, "id": own})
    graph.answer({**ACCOUNT, "id": "act_777"})
    assert (await meta.get_account()).name == "North"
    assert not meta.warnings
    assert await meta.get_account() == KNOWN
    assert said(meta) == [(Subject.ACCOUNT, FOREIGN, "act_777")]


async def test_another_account_is_not_a_new_one(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer({**ACCOUNT, "id": "act_777"})
    with pytest.raises(MisshapenError, match=r"account\.id is another object's"):
        await meta.get_account()


async def test_an_account_of_which_nothing_is_known_is_not_made_up(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer({**ACCOUNT, "currency": "ZZZ"})
    with pytest.raises(MisshapenError, match=r"account\.currency is not a currency"):
        await meta.get_account()
