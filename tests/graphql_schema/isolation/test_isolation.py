"""A seller who holds another's ids gets from every query exactly what a random id gives."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from app.clock import frozen
from app.identifiers import new_id
from app.metrics.levels import Level
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.page_world import (
    add_aggregation,
    add_board,
    add_page,
    add_page_value,
    add_post,
    add_verdict,
)
from tests.graphql_schema.small_world import Entity

if TYPE_CHECKING:
    from uuid import UUID

    from tests.graphql_schema.small_world import SmallWorld, Tenant

DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RANGE = 'range: {custom: {from: "2026-03-01", to: "2026-03-01"}}'
TYPES = ("Campaign", "Adset", "Ad", "AdAccount", "Sellpage", "AdStrategy", "SyncRun", "Job", "Page", "PagePost")


class Stage(NamedTuple):
    attacker: Tenant
    own: dict[str, UUID]  # by type
    ids: dict[str, UUID]  # the victim's


@pytest.fixture(scope="module")
async def stage(shared_world: SmallWorld) -> Stage:
    """The victim has one of everything; so has the attacker, so that an empty answer is no accident."""
    attacker, victim = await shared_world.add_seller("attacker"), await shared_world.add_seller("victim")
    return Stage(attacker, await plant(attacker), await plant(victim))


async def plant(tenant: Tenant) -> dict[str, UUID]:
    account = await tenant.add_account(name="secret")
    page = await tenant.insert("sellpages", name="secret", url="https://secret", is_active=True)
    strategy = await tenant.insert("ad_strategies", name="secret", is_active=True)
    campaign = await tenant.add_campaign(account, "secret", sellpage_id=page, ad_strategy_id=strategy)
    adset = await tenant.add_adset(campaign, "secret")
    ad = await tenant.add_ad(adset, "secret")
    for entity in (campaign, adset, ad):
        await tenant.add_snapshot(entity, DAY, at=NOW, spend_micros=1_000_000)
    await tenant.add_day(Entity(account, Level.ACCOUNT, account), DAY, spend_micros=1_000_000)
    run, job = new_id(), new_id()
    common = {"seller_id": tenant.seller_id, "created_at": NOW}
    await tenant.world.insert(
        "sync_runs",
        {
            "id": run,
            "origin": "MANUAL",
            "state": "RUNNING",
            "reason": "secret",
            "jobs_live": 1,
            "cancel_requested": False,
            **common,
        },
    )
    work = {"kind": "stats", "key": str(job), "unit": "{}", "state": "QUEUED", "priority": 1, "attempt": 0}
    budget = {
        "tries": 0,
        "max_tries": 5,
        "losses": 0,
        "coalesces": False,
        "cancel_requested": False,
        "pause_scopes": list[str](),
        "run_at": NOW,
        "rows_written": 0,
        "connection_id": account,
    }
    await tenant.world.insert("jobs", {"id": job, **work, **budget, **common})
    await tenant.world.insert("sync_run_jobs", {"run_id": run, "job_id": job, "seller_id": tenant.seller_id})
    fan_page = await add_page(tenant, "secret")
    await add_verdict(tenant, fan_page, "page_media_view", dead_because="secret")
    await add_page_value(tenant, fan_page, "page_follows", DAY, 1)
    post = await add_post(tenant, fan_page, "secret", values={"post_media_view": 1})
    await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [campaign.id])
    await add_aggregation(tenant, DAY, missing={account: "secret", fan_page: "secret"})
    found = (campaign.id, adset.id, ad.id, account, page, strategy, run, job, fan_page, post)
    return dict(zip(TYPES, found, strict=True))


async def answer(tenant: Tenant, document: str, variables: dict[str, object]) -> object:
    """Everything that a client sees of an operation."""
    result = await tenant.world.execute(document, tenant.claims(), variables)
    return result.data, [error.formatted for error in result.errors or []]


async def same_as_random(stage: Stage, document: str, type_name: str, *, many: bool = False) -> Any:
    stolen = global_id(type_name, stage.ids[type_name])
    random = global_id(type_name, new_id())
    seen = [await answer(stage.attacker, document, {"id": [i] if many else i}) for i in (stolen, random)]
    assert seen[0] == seen[1]
    assert "secret" not in str(seen[0])
    return seen[0]


@pytest.mark.parametrize("type_name", TYPES)
async def test_node_of_another_seller_is_null(stage: Stage, type_name: str) -> None:
    single = await same_as_random(stage, "query ($id: ID!) { node(id: $id) { id __typename } }", type_name)
    several = await same_as_random(stage, "query ($id: [ID!]!) { nodes(ids: $id) { id } }", type_name, many=True)

    assert single == ({"node": None}, [])
    assert several == ({"nodes": [None]}, [])


@pytest.mark.parametrize(
    ("field", "type_name"),
    [("campaign", "Campaign"), ("adset", "Adset"), ("ad", "Ad"), ("syncRun", "SyncRun"), ("page", "Page")],
)
async def test_a_single_thing_of_another_seller_is_null(stage: Stage, field: str, type_name: str) -> None:
    seen = await same_as_random(stage, f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}", type_name)

    assert seen == ({field: None}, [])


FILTERS = [
    ("campaigns", "ids", "Campaign"),
    ("adsets", "ids", "Adset"),
    ("ads", "ids", "Ad"),
    ("adsets", "campaignIds", "Campaign"),
    ("ads", "campaignIds", "Campaign"),
    ("ads", "adsetIds", "Adset"),
    *[
        (listed, field, kind)
        for listed in ("campaigns", "adsets", "ads")
        for field, kind in (("accountIds", "AdAccount"), ("sellpageIds", "Sellpage"), ("adStrategyIds", "AdStrategy"))
    ],
]


@pytest.mark.parametrize(("listed", "field", "type_name"), FILTERS)
async def test_a_filter_by_another_sellers_id_matches_nothing(
    stage: Stage, listed: str, field: str, type_name: str
) -> None:
    document = f"""query ($id: [ID!]!) {{ {listed}(filter: {{{field}: $id}}, {RANGE}) {{
      totalCount nodes {{ id }} summaries {{ spend }} pageInfo {{ hasNextPage hasPreviousPage }} }} }}"""

    seen = await same_as_random(stage, document, type_name, many=True)

    nothing = {"hasNextPage": False, "hasPreviousPage": False}
    assert seen == ({listed: {"totalCount": 0, "nodes": [], "summaries": [{"spend": "0.00"}], "pageInfo": nothing}}, [])


NESTED_FILTERS = [
    ("adsets", "campaign: {ids: $id}", "Campaign"),
    ("adsets", "campaign: {accountIds: $id}", "AdAccount"),
    ("adsets", "campaign: {sellpageIds: $id}", "Sellpage"),
    ("adsets", "campaign: {adStrategyIds: $id}", "AdStrategy"),
    ("ads", "campaign: {ids: $id}", "Campaign"),
    ("ads", "campaign: {sellpageIds: $id}", "Sellpage"),
    ("ads", "adset: {ids: $id}", "Adset"),
    ("ads", "adset: {accountIds: $id}", "AdAccount"),
    ("ads", "adset: {campaignIds: $id}", "Campaign"),
    ("ads", "adset: {campaign: {ids: $id}}", "Campaign"),
    ("ads", "adset: {campaign: {adStrategyIds: $id}}", "AdStrategy"),
]


@pytest.mark.parametrize(("listed", "condition", "type_name"), NESTED_FILTERS)
async def test_a_filter_on_what_another_seller_has_matches_nothing(
    stage: Stage, listed: str, condition: str, type_name: str
) -> None:
    document = f"""query ($id: [ID!]!) {{ {listed}(filter: {{{condition}}}, {RANGE}, orderBy: {{field: SPEND}}) {{
      totalCount nodes {{ id }} summaries {{ spend }} series(granularity: DAY) {{ currency }} }} }}"""

    seen = await same_as_random(stage, document, type_name, many=True)

    nothing = {"summaries": [{"spend": "0.00"}], "series": [{"currency": "USD"}]}
    assert seen == ({listed: {"totalCount": 0, "nodes": [], **nothing}}, [])


NUMBERS = f"""
  metrics({RANGE}) {{ spend }} comparison(to: {{period: PREVIOUS_PERIOD}}) {{ current {{ spend }} }}
  series(granularity: DAY, {RANGE}) {{ metrics {{ spend }} statusChanges {{ entityId }} }}
"""
BEHIND = f"""
  snapshots(date: "{DAY}") {{ totalCount nodes {{ fetchedAt metrics {{ spend }} }} }}
  restatements({RANGE}) {{ date snapshotCount change {{ current {{ spend }} }} }}
"""
TYPED = {
    "Campaign": f"{NUMBERS} {BEHIND} reconciliation({RANGE}) {{ agrees }} adsets {{ totalCount }} ads {{ totalCount }}",
    "Adset": f"{NUMBERS} {BEHIND} reconciliation({RANGE}) {{ agrees }} ads {{ totalCount }}",
    "Ad": f"{NUMBERS} {BEHIND}",
    "AdAccount": NUMBERS,
}


@pytest.mark.parametrize("type_name", TYPED)
async def test_nothing_is_told_of_another_sellers_node(stage: Stage, type_name: str) -> None:
    document = f"query ($id: ID!) {{ node(id: $id) {{ ...on {type_name} {{ id {TYPED[type_name]} }} }} }}"
    own = global_id(type_name, stage.own[type_name])

    with frozen(NOW):
        seen = await same_as_random(stage, document, type_name)
        told = (await stage.attacker.ask(document, id=own))["node"]

    assert seen == ({"node": None}, [])
    assert told["id"] == own
    assert told["metrics"] == {"spend": "1.00"}
    assert sum(day["snapshotCount"] for day in told.get("restatements", ())) == ("snapshots" in told)


PAGE = f"""metrics {{ name reason }} series(metrics: ["page_follows"], {RANGE}) {{ points {{ value }} }}
  posts(orderBy: {{metric: "post_media_view"}}) {{ totalCount nodes {{ message values {{ value }} }} }}"""
POST = "message values { value } page { name }"


@pytest.mark.parametrize(("type_name", "fields"), [("Page", PAGE), ("PagePost", POST)])
async def test_nothing_is_told_of_another_sellers_page(stage: Stage, type_name: str, fields: str) -> None:
    document = f"query ($id: ID!) {{ node(id: $id) {{ id ...on {type_name} {{ {fields} }} }} }}"
    own = global_id(type_name, stage.own[type_name])

    seen = await same_as_random(stage, document, type_name)
    told = (await stage.attacker.ask(document, id=own))["node"]

    assert seen == ({"node": None}, [])
    assert told["id"] == own
    assert "secret" in str(told)


async def test_days_are_ranked_and_summed_up_for_each_seller_alone(stage: Stage, shared_world: SmallWorld) -> None:
    """Somebody without a day gets none; the attacker's holds what is the attacker's."""
    document = f"""{{ leaderboard(level: CAMPAIGN, metric: SPEND, date: "{DAY}") {{ entries {{ entity {{ id }} }} }}
      dailySummary(date: "{DAY}") {{ missing {{ connection {{ id }} }} }} }}"""
    newcomer = await shared_world.add_seller("newcomer")

    told = await stage.attacker.ask(document)

    own = [global_id(type_name, stage.own[type_name]) for type_name in ("Campaign", "AdAccount", "Page")]
    assert told["leaderboard"] == {"entries": [{"entity": {"id": own[0]}}]}
    assert told["dailySummary"] == {"missing": [{"connection": {"id": key}} for key in own[1:]]}
    assert await newcomer.ask(document) == {"leaderboard": None, "dailySummary": None}


async def test_ids_of_another_seller_in_ones_own_days_lead_to_nothing(stage: Stage, shared_world: SmallWorld) -> None:
    thief = await shared_world.add_seller("thief")
    await add_board(thief, Level.CAMPAIGN, DAY, "spend", [stage.ids["Campaign"]])
    await add_aggregation(thief, DAY, missing={stage.ids["AdAccount"]: "stolen", stage.ids["Page"]: "stolen"})
    document = f"""{{ leaderboard(level: CAMPAIGN, metric: SPEND, date: "{DAY}") {{ entries {{ rank }} }}
      dailySummary(date: "{DAY}") {{ missing {{ connection {{ id }} }} }} }}"""

    assert await thief.ask(document) == {
        "leaderboard": {"entries": []},
        "dailySummary": {"missing": [{"connection": None}] * 2},
    }


async def test_options_of_filters_are_ones_own(stage: Stage) -> None:
    lists = ("adAccounts", "sellpages", "adStrategies", "campaigns", "adsets", "ads")
    document = f"{{ filterOptions {{ currencies {' '.join(f'{name} {{ value }}' for name in lists)} }} }}"

    found = (await stage.attacker.ask(document))["filterOptions"]

    types = ("AdAccount", "Sellpage", "AdStrategy", "Campaign", "Adset", "Ad")
    assert found == {
        "currencies": ["USD"],
        **{
            name: [{"value": global_id(type_name, stage.own[type_name])}]
            for name, type_name in zip(lists, types, strict=True)
        },
    }


async def test_lists_hold_ones_own_alone(stage: Stage) -> None:
    data = await stage.attacker.ask(
        f"""{{
          campaigns({RANGE}) {{ totalCount summary {{ spend }} }} adsets({RANGE}) {{ totalCount summary {{ spend }} }}
          ads({RANGE}) {{ totalCount summary {{ spend }} }} adAccounts {{ totalCount }} sellpages {{ totalCount }}
          pages {{ totalCount nodes {{ posts {{ totalCount }} }} }}
          adStrategies {{ totalCount }} syncRuns {{ totalCount nodes {{ jobs {{ totalCount }} }} }}
          viewer {{ seller {{ slug }} user {{ name }} }}
        }}"""
    )

    entities = {"totalCount": 1, "summary": {"spend": "1.00"}}
    assert data == {
        **{name: entities for name in ("campaigns", "adsets", "ads")},  # noqa: C420  # one value, compared only
        **{name: {"totalCount": 1} for name in ("adAccounts", "sellpages", "adStrategies")},
        "syncRuns": {"totalCount": 1, "nodes": [{"jobs": {"totalCount": 1}}]},
        "pages": {"totalCount": 1, "nodes": [{"posts": {"totalCount": 1}}]},
        "viewer": {"seller": {"slug": "attacker"}, "user": {"name": "attacker owner"}},
    }


async def test_set_status_of_another_sellers_ids_finds_nothing_and_changes_nothing(stage: Stage) -> None:
    document = """mutation ($id: [ID!]!) { setStatus(input: {level: CAMPAIGN, ids: $id, action: PAUSE}) {
      succeeded entities { id } failed { code message } } }"""

    seen = await same_as_random(stage, document, "Campaign", many=True)

    failed = [{"code": "NOT_FOUND", "message": "There is no such thing."}]
    assert seen == ({"setStatus": {"succeeded": [], "entities": [], "failed": failed}}, [])
    stored = await stage.attacker.world.read("SELECT status FROM campaigns WHERE id = $1", stage.ids["Campaign"])
    assert stored == "ACTIVE"


async def test_a_sync_of_another_sellers_account_is_refused_like_one_of_none(stage: Stage) -> None:
    document = "mutation ($id: [ID!]) { enqueueSync(input: {adAccountIds: $id}) { run { id } errors { code } } }"

    seen = await same_as_random(stage, document, "AdAccount", many=True)

    assert seen == ({"enqueueSync": {"run": None, "errors": [{"code": "NOT_FOUND"}]}}, [])


async def test_nobody_reads_anything_without_a_token(stage: Stage) -> None:
    world = stage.attacker.world
    for field in (
        "viewer { role }",
        "campaigns(first: 0) { totalCount }",
        "adsets { totalCount }",
        "ads { totalCount }",
        "adAccounts { totalCount }",
        "sellpages { totalCount }",
        "adStrategies { totalCount }",
        "syncRuns { totalCount }",
        "pages { totalCount }",
        f'leaderboard(level: CAMPAIGN, metric: SPEND, date: "{DAY}") {{ date }}',
        f'dailySummary(date: "{DAY}") {{ complete }}',
        f'page(id: "{global_id("Page", stage.ids["Page"])}") {{ id }}',
        f'node(id: "{global_id("Ad", stage.ids["Ad"])}") {{ id }}',
        f'nodes(ids: ["{global_id("Ad", stage.ids["Ad"])}"]) {{ id }}',
        f'campaign(id: "{global_id("Campaign", stage.ids["Campaign"])}") {{ id }}',
        "filterOptions { currencies }",
    ):
        result = await world.execute(f"{{ {field} }}", None)
        assert [(error.extensions or {})["code"] for error in result.errors or []] == ["UNAUTHENTICATED"], field
        assert not any((result.data or {}).values())
