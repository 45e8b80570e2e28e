"""When the order of a first page is kept, for how long, and what readers get once it is gone."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from app.clock import now
from app.services.context import open_services
from tests.graphql_schema.small_world import SmallWorld, Tenant, names

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

PAGE = """
query ($orderBy: [CampaignOrder!] = {field: SPEND, direction: DESC}, $filter: CampaignFilter, $asOf: DateTime,
       $range: DateRangeInput, $first: Int, $after: String, $last: Int, $before: String) {
  campaigns(range: $range, orderBy: $orderBy, filter: $filter, asOf: $asOf,
            first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
NOWHERE = "redis://127.0.0.1:1/0"
EXPIRED = {"code": "CURSOR_EXPIRED", "argument": "after"}


@pytest.fixture
async def tenant(world: SmallWorld) -> Tenant:
    """Seven campaigns without numbers: ordered by id, and so by name."""
    tenant = await world.add_seller("acme")
    account = await tenant.add_account()
    for name in "gfedcba":
        await tenant.add_campaign(account, name)
    return tenant


async def page(tenant: Tenant, **arguments: Any) -> dict[str, Any]:
    return (await tenant.ask(PAGE, **arguments))["campaigns"]


def listed(found: dict[str, Any]) -> str:
    return "".join(names([edge["node"] for edge in found["edges"]]))


def sides(found: dict[str, Any]) -> tuple[bool, bool]:
    """Whether there is something before the page, and after it."""
    return found["pageInfo"]["hasPreviousPage"], found["pageInfo"]["hasNextPage"]


async def walks(redis: Any) -> list[bytes]:
    return await redis.keys("*")


@pytest.mark.parametrize(
    ("selected", "kept"),
    [
        ("edges { cursor }", 1),
        ("pageInfo { endCursor }", 1),
        ("pageInfo { startCursor }", 1),
        ("pageInfo { ...on PageInfo { ...Page } }", 1),
        ("edges { cursor } pageInfo { endCursor } nodes { id }", 1),
        ("nodes { id } totalCount", 0),
        ("pageInfo { hasNextPage hasPreviousPage }", 0),
        ("edges { node { id } }", 0),
    ],
)
async def test_an_order_is_kept_only_for_cursors_that_are_asked_for(
    tenant: Tenant, redis: Any, selected: str, kept: int
) -> None:
    fragment = "fragment Page on PageInfo { endCursor }" if "...Page" in selected else ""
    await tenant.ask(f"{{ campaigns(first: 2, orderBy: {{field: SPEND}}) {{ {selected} }} }} {fragment}")

    assert len(await walks(redis)) == kept


@pytest.mark.parametrize(
    "arguments", [{"first": 7}, {"last": 7}, {"first": 1, "filter": {"name": "a"}}, {"filter": {"name": "none"}}]
)
async def test_an_order_that_fits_its_page_is_not_kept(tenant: Tenant, redis: Any, arguments: dict[str, Any]) -> None:
    await page(tenant, **arguments)

    assert await walks(redis) == []


@pytest.mark.parametrize("whole", [{"first": 7}, {"last": 7}, {"first": 40}])
async def test_the_cursors_of_an_order_that_fits_its_page_are_good(
    tenant: Tenant, redis: Any, whole: dict[str, Any]
) -> None:
    edges = (await page(tenant, **whole))["edges"]
    order = "".join(names([edge["node"] for edge in edges]))

    for place, edge in enumerate(edges):
        for size in (1, 2, 7):
            forwards = await page(tenant, first=size, after=edge["cursor"])
            backwards = await page(tenant, last=size, before=edge["cursor"])
            assert listed(forwards) == order[place + 1 :][:size]
            assert listed(backwards) == order[:place][-size:]
            assert sides(forwards) == (True, place + 1 + size < 7)
            assert sides(backwards) == (place - size > 0, True)
    assert len(await walks(redis)) == 1


async def test_going_on_from_a_whole_list_pins_the_order_of_now(tenant: Tenant, redis: Any) -> None:
    by_status: dict[str, Any] = {"orderBy": [{"field": "STATUS"}]}
    whole = await page(tenant, **by_status)
    order, cursor = listed(whole), whole["edges"][2]["cursor"]
    second = await page(tenant, first=2, after=cursor, **by_status)
    assert len(await walks(redis)) == 1

    await tenant.world.write("UPDATE campaigns SET status = 'PAUSED' WHERE name = ANY($1)", [order[0], order[2]])
    now = listed(await page(tenant, **by_status))
    place = now.index(order[2]) + 1
    third = await page(tenant, first=9, after=second["pageInfo"]["endCursor"], **by_status)
    anew = await page(tenant, first=2, after=cursor, **by_status)

    assert now != order
    assert listed(second) + listed(third) == order[3:]
    assert listed(anew) == now[place : place + 2]


async def test_a_whole_list_goes_on_beside_a_row_that_is_gone(tenant: Tenant) -> None:
    edges = (await page(tenant))["edges"]
    order = "".join(names([edge["node"] for edge in edges]))
    await tenant.world.write("DELETE FROM campaigns WHERE name = ANY($1)", [order[3], order[6]])

    found = [
        await page(tenant, **arguments)
        for cursor in (edges[3]["cursor"], edges[6]["cursor"])
        for arguments in ({"first": 2, "after": cursor}, {"last": 2, "before": cursor})
    ]

    assert [listed(part) for part in found] == [order[4:6], order[1:3], "", order[4:6]]
    assert [sides(part) for part in found] == [(True, False), (True, True), (True, False), (True, False)]


async def test_a_forged_row_in_a_cursor_harms_nobody(world: SmallWorld, tenant: Tenant) -> None:
    """Whatever it names, the reader sees parts of the own list."""
    other = await world.add_seller("other")
    foreign = await other.add_campaign(await other.add_account(), "foreign")
    whole = await page(tenant)
    cursor = whole["edges"][0]["cursor"]

    for row_id in (foreign.id.hex, "0" * 32, "F" * 32):
        for place in (0, 3, 6, 7, 2**31):
            forged = altered(cursor, f"id{row_id}", place)
            assert listed(await page(tenant, after=forged)) == listed(whole)[place:]
            assert listed(await page(tenant, before=forged)) == listed(whole)[:place]
    for name in ("id", "id0", "idx", "id" + "g" * 32, "id" + "0" * 33, "id" + "-" * 32):
        assert await tenant.refusal(PAGE, after=altered(cursor, name, 0)) == ("BAD_USER_INPUT", "after"), name


async def test_an_order_that_lasts_is_not_kept(tenant: Tenant, redis: Any) -> None:
    await page(tenant, first=1, orderBy=[{"field": "NAME"}, {"field": "BUDGET"}])

    assert await walks(redis) == []


async def test_the_same_first_page_twice_is_one_walk_of_16_bytes_each_for_15_minutes(
    tenant: Tenant, redis: Any
) -> None:
    first, again = await page(tenant, first=2), await page(tenant, first=2)
    kept = await walks(redis)

    assert first == again
    assert len(kept) == 1
    assert str(tenant.seller_id) in kept[0].decode()
    assert await redis.strlen(kept[0]) == 7 * 16
    assert 890 < await redis.ttl(kept[0]) <= 900


async def test_an_empty_list_has_no_cursors(tenant: Tenant) -> None:
    found = await page(tenant, filter={"name": "none"})

    nothing = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert found == {"edges": [], "pageInfo": nothing}


async def test_beyond_either_end_there_is_an_empty_page(tenant: Tenant) -> None:
    start, end = (await page(tenant, first=2))["pageInfo"], (await page(tenant, last=2))["pageInfo"]
    beyond = [await page(tenant, after=end["endCursor"]), await page(tenant, before=start["startCursor"])]

    cursors = {"startCursor": None, "endCursor": None}
    assert beyond == [
        {"edges": [], "pageInfo": {"hasNextPage": False, "hasPreviousPage": True, **cursors}},
        {"edges": [], "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, **cursors}},
    ]


async def test_a_walk_goes_on_from_any_of_its_cursors(tenant: Tenant) -> None:
    whole = listed(await page(tenant))
    edges = (await page(tenant, first=5))["edges"]

    for place, edge in enumerate(edges):
        assert listed(await page(tenant, after=edge["cursor"], first=2)) == whole[place + 1 : place + 3]
        assert listed(await page(tenant, before=edge["cursor"], last=2)) == whole[max(0, place - 2) : place]


async def test_rows_that_are_gone_leave_a_gap_and_move_nothing(tenant: Tenant) -> None:
    first = await page(tenant, first=2)
    whole = listed(await page(tenant))
    await tenant.world.write("DELETE FROM campaigns WHERE name = $1", whole[3])

    second = await page(tenant, first=3, after=first["pageInfo"]["endCursor"])
    third = await page(tenant, first=3, after=second["pageInfo"]["endCursor"])

    assert listed(second) == whole[2] + whole[4]
    assert listed(third) == whole[5:]


async def test_what_is_no_longer_kept_is_expired_and_spoils_nothing_else(tenant: Tenant, redis: Any) -> None:
    cursor = (await page(tenant, first=2))["pageInfo"]["endCursor"]
    await redis.delete(*await walks(redis))
    document = """query ($after: String) {
      campaigns(first: 2, after: $after, orderBy: {field: SPEND, direction: DESC}) { totalCount unfilteredCount }
      again: campaigns(first: 2, orderBy: {field: SPEND}) { totalCount nodes { id } }
    }"""
    unread = await tenant.ask(document, after=cursor)
    result = await tenant.world.execute(PAGE, tenant.claims(), {"after": cursor})
    back = await tenant.world.execute(PAGE, tenant.claims(), {"before": cursor})

    assert unread["campaigns"] == {"totalCount": 7, "unfilteredCount": 7}
    assert len(unread["again"]["nodes"]) == 2
    assert [error.extensions for error in result.errors or []] == [EXPIRED]
    assert [error.extensions for error in back.errors or []] == [EXPIRED | {"argument": "before"}]


async def test_an_expired_list_under_one_parent_leaves_the_node_beside_it(tenant: Tenant, redis: Any) -> None:
    """Connections are never null, so that an error goes up to the next field that may be: a single entity."""
    document = """query ($after: String, $id: ID!, $other: ID!) {
      campaign(id: $id) {
        adsets(first: 1, after: $after, orderBy: {field: SPEND}) { nodes { id } pageInfo { endCursor } }
      }
      other: campaign(id: $other) { name adsets { totalCount } }
    }"""
    campaign = await tenant.add_campaign(await tenant.add_account())
    for _ in range(2):
        await tenant.add_adset(campaign)
    variables = {"id": campaign.gid, "other": campaign.gid}
    found = await tenant.ask(document, **variables)
    await redis.flushdb()
    cursor = found["campaign"]["adsets"]["pageInfo"]["endCursor"]
    result = await tenant.world.execute(document, tenant.claims(), variables | {"after": cursor})

    assert result.data == {"campaign": None, "other": {"name": "Campaign", "adsets": {"totalCount": 2}}}
    assert [(error.path or [])[:3] for error in result.errors or []] == [["campaign", "adsets", "nodes"]]
    assert [error.extensions for error in result.errors or []] == [EXPIRED]


async def test_a_cursor_of_another_list_is_refused(world: SmallWorld, tenant: Tenant) -> None:
    other = await world.add_seller("other")
    account = await other.add_account()
    for _ in range(3):
        await other.add_campaign(account)
    down: dict[str, Any] = {"field": "SPEND", "direction": "DESC"}
    lists: list[dict[str, Any]] = [
        {"orderBy": [{"field": "SPEND"}]},
        {"orderBy": [{"field": "ROAS", "direction": "DESC"}]},
        {"orderBy": [down, {"field": "NAME"}]},
        {"orderBy": [down | {"change": "RELATIVE"}]},
        {"orderBy": [down | {"change": "ABSOLUTE"}]},
        {"orderBy": [{"field": "NAME"}]},
        {"filter": {"status": ["ACTIVE"]}},
        {"filter": {"metrics": [{"metric": "SPEND", "op": "GTE", "value": "0"}]}},
        {"range": {"preset": "TODAY"}},
        {"asOf": (now() - timedelta(days=1)).isoformat()},
    ]
    foreign = [(await page(tenant, first=1, **arguments))["edges"] for arguments in lists]
    foreign.append((await page(other, first=1))["edges"])

    for edges in foreign:
        for edge in edges:
            assert await tenant.refusal(PAGE, after=edge["cursor"]) == ("BAD_USER_INPUT", "after")
            assert await tenant.refusal(PAGE, before=edge["cursor"]) == ("BAD_USER_INPUT", "before")
    assert [len(edges) for edges in foreign] == [1] * 11


def altered(cursor: str, *position: object) -> str:
    """The cursor of another place in the same list."""
    body = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return base64.urlsafe_b64encode(json.dumps([*body[:2], *position]).encode()).decode()


def name_of(cursor: str) -> str:
    return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[2]


async def test_a_forged_place_is_refused(tenant: Tenant) -> None:
    cursor = (await page(tenant, first=2))["pageInfo"]["endCursor"]
    name = name_of(cursor)
    garbage: list[tuple[object, ...]] = [
        *[(name, place) for place in (-1, 2**31 + 1, 2**63, 2**64, 1.0, "1", True, None, [1])],
        *[(bad, 1) for bad in (None, 1, "", "a" * 65, "a:b", "../x", "*", "\x00", [name])],
        *[(), (name,), (name, 1, 1)],
    ]
    for position in garbage:
        forged = altered(cursor, *position)
        assert await tenant.refusal(PAGE, after=forged) == ("BAD_USER_INPUT", "after"), position
        assert await tenant.refusal(PAGE, before=forged) == ("BAD_USER_INPUT", "before"), position
    for position in [(name, 7), (name, 2**31), ("0", 0), ("f" * 24, 0)]:
        forged = altered(cursor, *position)
        assert await tenant.refusal(PAGE, after=forged) == ("CURSOR_EXPIRED", "after"), position
        assert await tenant.refusal(PAGE, before=forged) == ("CURSOR_EXPIRED", "before"), position


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
async def test_a_forged_instant_that_no_calendar_has_is_refused(tenant: Tenant, instant: str) -> None:
    order = [{"field": "CREATED_AT"}]
    cursor = (await page(tenant, first=2, orderBy=order))["pageInfo"]["endCursor"]
    forged = altered(cursor, instant, "01900000-0000-7000-8000-000000000001")

    assert await tenant.refusal(PAGE, after=forged, orderBy=order) == ("BAD_USER_INPUT", "after")


async def test_another_process_walks_on(tenant: Tenant, database: ThrowawayDatabase, settings: Settings) -> None:
    first = await page(tenant, first=3)
    async with open_services(settings, process="another") as services:
        elsewhere = Tenant(SmallWorld(database, services), tenant.seller_id, tenant.user_id)
        rest = await page(elsewhere, after=first["pageInfo"]["endCursor"])

    assert sorted(listed(first) + listed(rest)) == list("abcdefg")


@asynccontextmanager
async def silent_server() -> AsyncGenerator[str]:
    """A server that takes connections and never answers; its Redis URL."""
    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: connections.append(writer), "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        for writer in connections:
            writer.close()
        server.close()


@asynccontextmanager
async def without_redis(
    tenant: Tenant, url: str, database: ThrowawayDatabase, settings: Settings
) -> AsyncGenerator[Tenant]:
    """The same seller in a process whose Redis is this one."""
    unable = settings.model_copy(update={"redis_url": SecretStr(url)})
    async with open_services(unable, process="unable") as services:
        yield Tenant(SmallWorld(database, services), tenant.seller_id, tenant.user_id)


async def test_without_redis_first_pages_answer_and_later_ones_are_unavailable(
    tenant: Tenant, database: ThrowawayDatabase, settings: Settings
) -> None:
    """Soon, whether Redis refuses connections or is silent; what was kept before is good afterwards."""
    kept = (await page(tenant, first=3))["pageInfo"]["endCursor"]
    async with silent_server() as silence:
        for url in (NOWHERE, silence):
            async with without_redis(tenant, url, database, settings) as poor:
                began = monotonic()
                first = await page(poor, first=3)
                refused = await poor.refusal(PAGE, after=kept)

                assert (len(first["edges"]), first["pageInfo"]["hasNextPage"]) == (3, True)
                assert refused == ("UPSTREAM_UNAVAILABLE", None)
                assert monotonic() - began < 4
    assert len((await page(tenant, after=kept))["edges"]) == 4


async def test_a_request_waits_for_redis_once(tenant: Tenant, database: ThrowawayDatabase, settings: Settings) -> None:
    """However many pages it asks for, and whether they were kept or are to be kept."""
    kept = (await page(tenant, first=3))["pageInfo"]["endCursor"]
    order = "orderBy: {field: SPEND, direction: DESC}"
    later = [f"l{size}: campaigns({order}, first: {size}, after: $after) {{ nodes {{ id }} }}" for size in range(1, 7)]
    first = [f"f{size}: campaigns({order}, first: {size}) {{ pageInfo {{ endCursor }} }}" for size in range(1, 7)]
    async with silent_server() as silence, without_redis(tenant, silence, database, settings) as poor:
        began = monotonic()
        result = await poor.world.execute(
            f"query ($after: String) {{ {' '.join(later + first)} }}", poor.claims(), {"after": kept}
        )
        took = monotonic() - began
        whole = await page(poor)

    assert {(error.extensions or {})["code"] for error in result.errors or []} == {"UPSTREAM_UNAVAILABLE"}
    assert took < 2.5
    assert len(whole["edges"]) == 7


async def test_lists_under_many_parents_are_kept_by_one_round_trip(
    tenant: Tenant, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await tenant.add_account()
    for _ in range(20):
        campaign = await tenant.add_campaign(account, "parent")
        for _ in range(3):
            await tenant.add_adset(campaign)
    pipelines: list[object] = []
    opened = tenant.world.services.redis.pipeline

    def pipeline(**options: Any) -> Any:
        pipelines.append(options)
        return opened(**options)

    monkeypatch.setattr(tenant.world.services.redis, "pipeline", pipeline)
    data = await tenant.ask(
        """{ campaigns(first: 100, filter: {name: "parent"}) { nodes {
          adsets(first: 2, orderBy: {field: ROAS}) { edges { cursor } pageInfo { endCursor hasNextPage } } } } }"""
    )
    assert len(data["campaigns"]["nodes"]) == 20
    assert len(pipelines) == 1
    assert len(await walks(redis)) == 20


async def test_another_sellers_walk_is_none(world: SmallWorld, tenant: Tenant, redis: Any) -> None:
    """Even with its name, which nobody else is told, in a cursor of one's own list."""
    other = await world.add_seller("other")
    account = await other.add_account()
    for _ in range(3):
        await other.add_campaign(account, "mine")
    walk = name_of((await page(tenant, first=2))["pageInfo"]["endCursor"])
    own = (await page(other, first=1))["pageInfo"]["endCursor"]
    assert len(await walks(redis)) == 2

    for name in (walk, f"{tenant.seller_id.hex}{walk}", f"{tenant.seller_id}:{walk}"):
        code, argument = await other.refusal(PAGE, after=altered(own, name, 0))
        assert (code, argument) in {("CURSOR_EXPIRED", "after"), ("BAD_USER_INPUT", "after")}
    assert listed(await page(other, after=own)) == "minemine"


async def test_a_walk_of_other_ids_shows_no_other_sellers_rows(world: SmallWorld, tenant: Tenant, redis: Any) -> None:
    """The second lock: even what stands in a walk is read as the reader's own, or not at all."""
    other = await world.add_seller("other")
    account = await other.add_account()
    for _ in range(3):
        await other.add_campaign(account, "mine")
    await page(tenant, first=2)
    (walk,) = await walks(redis)
    own = (await page(other, first=1))["pageInfo"]["endCursor"]
    key = f"walk:{other.seller_id}:{name_of(own)}"
    await redis.set(key, await redis.get(walk))

    assert (await page(other, after=own))["edges"] == []


async def test_a_cursor_under_one_parent_is_none_under_another(tenant: Tenant) -> None:
    document = """query ($id: ID!, $after: String) { campaign(id: $id) { adsets(
      first: 1, after: $after, orderBy: {field: SPEND}) { nodes { id } pageInfo { endCursor hasNextPage } } } }"""
    account = await tenant.add_account()
    parents = [await tenant.add_campaign(account) for _ in range(2)]
    children = [[await tenant.add_adset(parent) for _ in range(2)] for parent in parents]
    cursors = [
        (await tenant.ask(document, id=parent.gid))["campaign"]["adsets"]["pageInfo"]["endCursor"] for parent in parents
    ]
    second = (await tenant.ask(document, id=parents[0].gid, after=cursors[0]))["campaign"]["adsets"]

    assert second["nodes"] == [{"id": children[0][1].gid}]
    assert second["pageInfo"]["hasNextPage"] is False
    assert await tenant.refusal(document, id=parents[0].gid, after=cursors[1]) == ("BAD_USER_INPUT", "after")
