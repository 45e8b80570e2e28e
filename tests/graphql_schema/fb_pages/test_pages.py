"""Pages: which of their metrics live, values by day with nothing made up, and posts by what they have come to."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.clock import frozen
from app.providers.page_metrics import PAGE_METRICS, POST_METRICS
from graphql_schema.types.global_id import global_id
from tests.graphql_schema.page_world import (
    NOON,
    add_page,
    add_page_value,
    add_post,
    add_post_value,
    add_verdict,
)
from tests.graphql_schema.small_world import names

if TYPE_CHECKING:
    from uuid import UUID

    from tests.graphql_schema.small_world import SmallWorld, Tenant

VIEWS, FOLLOWS = "page_media_view", "page_follows"
SEEN, REACTIONS = "post_media_view", "post_reactions_by_type_total"
BY_SEEN = 'orderBy: {metric: "post_media_view", direction: DESC}'


@pytest.fixture
async def tenant(world: SmallWorld) -> Tenant:
    return await world.add_seller("pages")


async def posts_of(tenant: Tenant, arguments: str, **cursors: str) -> Any:
    """The posts of the only page; a cursor is given by the name of its argument."""
    given = ", ".join([arguments, *(f'{name}: "{cursor}"' for name, cursor in cursors.items())])
    document = f"""{{ pages {{ nodes {{ posts({given}) {{
      nodes {{ message }} edges {{ cursor }} totalCount
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }} }}"""
    return (await tenant.ask(document))["pages"]["nodes"][0]["posts"]


async def five_posts(tenant: Tenant) -> UUID:
    """Seen 10, 30, 20 times; of Four and Five nobody said anything. Five is the newest."""
    page = await add_page(tenant)
    for place, (name, seen) in enumerate([("One", 10), ("Two", 30), ("Three", 20), ("Four", None), ("Five", None)]):
        values = None if seen is None else {SEEN: seen}
        await add_post(tenant, page, name, created_at=NOON + timedelta(minutes=place), values=values)
    return page


def messages(posts: Any) -> list[str]:
    return [node["message"] for node in posts["nodes"]]


async def test_pages_come_by_name_and_no_other_connection_is_one(tenant: Tenant) -> None:
    await tenant.add_account(name="An ad account")
    for name in ("Shop", "Blog"):
        await add_page(tenant, name)

    found = await tenant.ask('{ all: pages { totalCount nodes { name } } some: pages(name: "sh") { nodes { name } } }')

    assert (found["all"]["totalCount"], names(found["all"]["nodes"])) == (2, ["Blog", "Shop"])
    assert names(found["some"]["nodes"]) == ["Shop"]


async def test_a_page_by_its_id_and_as_a_node(tenant: Tenant) -> None:
    page = global_id("Page", await add_page(tenant, "Shop"))
    document = """query ($id: ID!) { page(id: $id) {
        id name timeZone health healthClass healthReason isActive provider }
      node(id: $id) { __typename id } }"""

    found = await tenant.ask(document, id=page)

    assert found["page"] == {
        "id": page,
        "name": "Shop",
        "timeZone": "America/Los_Angeles",
        "health": "HEALTHY",
        "healthClass": None,
        "healthReason": None,
        "isActive": True,
        "provider": "META",
    }
    assert found["node"] == {"__typename": "Page", "id": page}


async def test_which_metrics_live_and_why_others_do_not(tenant: Tenant) -> None:
    page = await add_page(tenant)
    await add_verdict(tenant, page, VIEWS)
    await add_verdict(tenant, page, "page_fans", dead_because="The value must be a valid insights metric")
    await add_verdict(tenant, page, SEEN)

    found = await tenant.ask("{ pages { nodes { metrics { name subject state reason probedAt } } } }")

    at = NOON.isoformat()
    assert found["pages"]["nodes"][0]["metrics"] == [
        {
            "name": "page_fans",
            "subject": "PAGE",
            "state": "DEAD",
            "reason": "The value must be a valid insights metric",
            "probedAt": at,
        },
        {"name": VIEWS, "subject": "PAGE", "state": "ALIVE", "reason": None, "probedAt": at},
        {"name": SEEN, "subject": "POST", "state": "ALIVE", "reason": None, "probedAt": at},
    ]


async def test_a_day_without_a_number_is_null_and_a_zero_is_zero(tenant: Tenant) -> None:
    page = await add_page(tenant)
    await add_page_value(tenant, page, VIEWS, date(2026, 3, 1), 2**40)
    await add_page_value(tenant, page, VIEWS, date(2026, 3, 3), 0)
    await add_page_value(tenant, page, FOLLOWS, date(2026, 3, 4), 5)
    document = """{ pages { nodes { series(metrics: ["page_follows", "page_media_view", "page_follows"],
      range: {custom: {from: "2026-03-01", to: "2026-03-03"}}) { metric points { date value } } } } }"""

    found = await tenant.ask(document)

    days = ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert found["pages"]["nodes"][0]["series"] == [
        {"metric": FOLLOWS, "points": [{"date": day, "value": None} for day in days]},
        {
            "metric": VIEWS,
            "points": [{"date": day, "value": value} for day, value in zip(days, (2**40, None, 0), strict=True)],
        },
    ]


async def test_by_default_what_lives_over_the_last_week_of_the_pages_zone(tenant: Tenant) -> None:
    page = await add_page(tenant)
    await add_verdict(tenant, page, VIEWS)
    await add_verdict(tenant, page, "page_fans", dead_because="dead")
    await add_verdict(tenant, page, SEEN)
    await add_page_value(tenant, page, "page_fans", date(2026, 3, 8), 7)
    with frozen(NOON - timedelta(hours=6)):  # it is the 8th in California
        found = await tenant.ask("{ pages { nodes { series { metric points { date } } } } }")

    [series] = found["pages"]["nodes"][0]["series"]
    assert series["metric"] == VIEWS
    assert [point["date"] for point in series["points"]] == [f"2026-03-0{day}" for day in range(2, 9)]


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ('metrics: ["page_media_view", "spend"]', "metrics.1"),
        ('metrics: ["post_media_view"]', "metrics.0"),
        ("metrics: [" + '"page_fans" ' * 51 + "]", "metrics"),
        ('range: {custom: {from: "2026-03-02", to: "2026-03-01"}}', "range.custom.from"),
    ],
)
async def test_a_series_of_what_nobody_knows_is_refused(tenant: Tenant, arguments: str, argument: str) -> None:
    await add_page(tenant)

    refused = await tenant.refusal(f"{{ pages {{ nodes {{ series({arguments}) {{ metric }} }} }} }}")

    assert refused == ("BAD_USER_INPUT", argument)


async def test_the_points_of_pages_count_like_those_of_ads(tenant: Tenant) -> None:
    await add_page(tenant)
    every = " ".join(f'"{name}"' for name in PAGE_METRICS)
    once = f"series(metrics: [{every}], range: {{preset: LIFETIME}}) {{ metric }}"

    found = await tenant.ask(f"{{ pages {{ nodes {{ {once} }} }} }}")
    refused = await tenant.refusal(f"{{ pages {{ nodes {{ {once} }} }} again: pages {{ nodes {{ {once} }} }} }}")

    assert len(found["pages"]["nodes"][0]["series"]) == len(PAGE_METRICS)
    assert refused == ("QUERY_TOO_COMPLEX", None)


async def test_posts_come_newest_first(tenant: Tenant) -> None:
    await five_posts(tenant)

    found = await posts_of(tenant, "first: 2")
    following = await posts_of(tenant, "first: 2", after=found["pageInfo"]["endCursor"])

    assert (messages(found), messages(following)) == (["Five", "Four"], ["Three", "Two"])
    assert found["totalCount"] == 5


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("DESC", ["Two", "Three", "One", "Five", "Four"]), ("ASC", ["One", "Three", "Two", "Four", "Five"])],
)
async def test_posts_by_a_metric_have_those_without_it_last(
    tenant: Tenant, direction: str, expected: list[str]
) -> None:
    await five_posts(tenant)

    found = await posts_of(tenant, f'orderBy: {{metric: "post_media_view", direction: {direction}}}')

    assert messages(found) == expected


async def test_a_walk_by_a_metric_keeps_its_order_while_numbers_change(tenant: Tenant) -> None:
    page = await five_posts(tenant)
    first = await posts_of(tenant, f"first: 2, {BY_SEEN}")
    one = await tenant.world.read("SELECT id FROM page_posts WHERE message = 'One'")
    await add_post_value(tenant, one, SEEN, NOON.date() + timedelta(days=1), 99)
    await add_post(tenant, page, "New", values={SEEN: 98})

    second = await posts_of(tenant, f"first: 2, {BY_SEEN}", after=first["pageInfo"]["endCursor"])
    third = await posts_of(tenant, f"first: 2, {BY_SEEN}", after=second["pageInfo"]["endCursor"])
    back = await posts_of(tenant, f"last: 9, {BY_SEEN}", before=second["pageInfo"]["startCursor"])
    anew = await posts_of(tenant, f"first: 2, {BY_SEEN}")

    assert [messages(part) for part in (first, second, third)] == [["Two", "Three"], ["One", "Five"], ["Four"]]
    assert (third["pageInfo"]["hasNextPage"], messages(back)) == (False, ["Two", "Three"])
    assert messages(anew) == ["One", "New"]


async def test_a_cursor_of_one_page_or_order_is_no_cursor_of_another(tenant: Tenant) -> None:
    await five_posts(tenant)
    cursor = (await posts_of(tenant, "first: 2"))["pageInfo"]["endCursor"]
    posts = f"posts({BY_SEEN}, after: $after) {{ totalCount nodes {{ id }} }}"
    document = f"query ($after: String) {{ pages {{ nodes {{ {posts} }} }} }}"

    assert await tenant.refusal(document, after=cursor) == ("BAD_USER_INPUT", "after")


async def test_a_post_tells_its_newest_values_and_its_page(tenant: Tenant) -> None:
    page = await add_page(tenant, "Shop")
    post = await add_post(tenant, page, "Hello", values={SEEN: 2**40, REACTIONS: 0})
    await add_post_value(tenant, post, REACTIONS, date(2026, 3, 1), 7)
    document = """query ($id: ID!) { node(id: $id) { ... on PagePost {
      message createdAt permalinkUrl metricsReadAt page { name } values { metric value date } } } }"""

    found = await tenant.ask(document, id=global_id("PagePost", post))

    assert found["node"] == {
        "message": "Hello",
        "createdAt": NOON.isoformat(),
        "permalinkUrl": None,
        "metricsReadAt": None,
        "page": {"name": "Shop"},
        "values": [
            {"metric": SEEN, "value": 2**40, "date": "2026-03-09"},
            {"metric": REACTIONS, "value": 0, "date": "2026-03-09"},
        ],
    }


async def test_an_order_by_what_is_no_metric_of_posts_is_refused(tenant: Tenant) -> None:
    await add_page(tenant)

    refused = await tenant.refusal('{ pages { nodes { posts(orderBy: {metric: "page_fans"}) { totalCount } } } }')

    assert refused == ("BAD_USER_INPUT", "orderBy.metric")


async def test_filter_options_name_the_metrics(tenant: Tenant) -> None:
    found = await tenant.ask("{ filterOptions { pageMetrics postMetrics } }")

    assert found["filterOptions"] == {"pageMetrics": [*PAGE_METRICS], "postMetrics": [*POST_METRICS]}
