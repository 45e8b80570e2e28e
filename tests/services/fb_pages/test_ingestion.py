"""Pages of the sandbox through the real client and the real job: what is stored, what is asked, and what is not."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from app import clock
from app.database.transactions import tenant_transaction, work_transaction
from app.errors import ConflictError, LeaseLostError
from app.providers.page_metrics import PAGE_METRICS, POST_METRICS
from app.providers.sandbox.world.page_dataset import PACIFIC, Page, Post, RecordedPageNumbers
from app.providers.sandbox.world.worlds import DEMO_PAGE_ACCESS_TOKEN, DEMO_PAGE_ID, World, demo_world
from app.queries.jobs.claims import claim_job
from app.services.connections.connecting import PageToConnect, connect_page
from app.services.fb_pages.ingestion import run_page_ingestion_job
from app.services.jobs.lease import Lease
from app.services.jobs.new_jobs import AccountKey, page_ingestion_job
from app.services.jobs.run_requests import RunRequest, record_run
from app.vocabulary import Priority, ProviderKind, RunOrigin
from tests.sandbox.serving import serving
from tests.services.shop import Shop, add_seller, pointed_at
from tests.services.working import fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver, Record
    from app.services.context import Services

NOW = datetime.now(UTC)
TODAY = clock.today_in(PACIFIC)
YESTERDAY = TODAY - timedelta(days=1)
DEAD_ON_PAGES = ("page_fans", "page_impressions")
VIEWS = {("page_media_view", TODAY - timedelta(days=back)): 100 * back for back in range(1, 6)}


def page_of(*, views: Mapping[tuple[str, date], int] = VIEWS, count: int = 6, **posts: int) -> Page:
    """Page 7 with so many posts, one a day, and what some of them were seen: `p1=70` is the post of yesterday."""
    return Page(
        id="7",
        name="Shop",
        access_token="token-of-page-7",
        user_token="token-of-nobody",
        posts=tuple(
            Post(id=f"7_{number}", created_at=NOW - timedelta(days=number, hours=1), message=f"Post {number}")
            for number in range(1, count + 1)
        ),
        numbers=RecordedPageNumbers(
            days=dict(views) | {("page_follows", YESTERDAY): 2500},
            posts={("post_media_view", f"7_{name[1:]}"): value for name, value in posts.items()}
            | {("post_reactions_by_type_total", "7_1"): {"like": 3, "love": 1}},
        ),
    )


@pytest.fixture
async def seller_id(services: Services) -> UUID:
    return await add_seller(services)


@contextmanager
def when(services: Services, seller_id: UUID, page: Page, *, backfill_days: int = 0) -> Generator[Shop]:
    """The seller while Meta says this of the page."""
    with serving(World(accounts=(), pages=(page,))) as url:
        yield Shop(pointed_at(services, url, backfill_days=backfill_days), seller_id, url)


@pytest.fixture
def shop(services: Services, seller_id: UUID) -> Generator[Shop]:
    with when(services, seller_id, page_of(p1=70, p2=50)) as shop:
        yield shop


async def connect(shop: Shop) -> UUID:
    page = PageToConnect(
        provider=ProviderKind.META, external_id="7", name="Shop", access_token=SecretStr("token-of-page-7")
    )
    return await connect_page(shop.services, seller_id=shop.seller_id, page=page)


async def ingest(shop: Shop, page_id: UUID, day: date = YESTERDAY) -> int:
    """Do the job of one day; answers how many rows it wrote."""
    done = await try_to_ingest(shop, page_id, day)
    assert done["state"] == "SUCCEEDED", done["error_reason"]
    return done["rows_written"]


async def try_to_ingest(shop: Shop, page_id: UUID, day: date = YESTERDAY) -> Record:
    """Do the job of one day; answers what became of it."""
    job = page_ingestion_job(AccountKey(shop.seller_id, page_id), day, priority=Priority.SCHEDULED)
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await record_run(driver, RunRequest(seller_id=shop.seller_id, origin=RunOrigin.MANUAL, reason="test"), [job])
    await work_until_idle(shop.services)
    done = await fetch_work(shop.services, "SELECT state, rows_written, error_reason FROM jobs WHERE id = $1", job.id)
    return done[0]


async def calls(shop: Shop) -> list[dict[str, Any]]:
    """Every call since the last time."""
    async with httpx.AsyncClient() as client:
        log: Any = (await client.get(f"{shop.url}/sandbox/calls/log")).json()
        await client.delete(f"{shop.url}/sandbox/calls")
    return log["calls"]


async def insights(shop: Shop) -> list[str]:
    """Whose numbers were asked for since the last time: the page's or those of posts, by id."""
    return sorted(call["object_id"] for call in await calls(shop) if "insights" in call["edge"])


async def page_rows(shop: Shop) -> list[tuple[Any, ...]]:
    return await shop.rows("SELECT stat_date, metric, value FROM page_stats_daily ORDER BY stat_date, metric")


async def post_rows(shop: Shop) -> list[tuple[Any, ...]]:
    return await shop.rows(
        """
        SELECT posts.external_id, stats.metric, stats.stat_date, stats.value
        FROM post_stats_daily AS stats
        JOIN page_posts AS posts ON posts.id = stats.post_id
        ORDER BY posts.external_id, stats.metric, stats.stat_date
        """
    )


async def execute(shop: Shop, statement: str, *arguments: object) -> None:
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await driver.execute(statement, *arguments)


async def test_a_day_of_a_page_its_posts_and_what_they_have_come_to(shop: Shop) -> None:
    page_id = await connect(shop)

    written = await ingest(shop, page_id)

    assert await page_rows(shop) == [(YESTERDAY, "page_follows", 2500), (YESTERDAY, "page_media_view", 100)]
    assert await post_rows(shop) == [
        ("7_1", "post_media_view", YESTERDAY, 70),
        ("7_1", "post_reactions_by_type_total", YESTERDAY, 4),
        ("7_2", "post_media_view", YESTERDAY, 50),
    ]
    posts = await shop.rows("SELECT external_id, message, permalink_url FROM page_posts ORDER BY created_at DESC")
    assert len(posts) == 6
    assert posts[0] == ("7_1", "Post 1", "https://www.facebook.com/7/posts/1")
    assert await shop.value("SELECT count(*) FROM page_posts WHERE metrics_read_at IS NULL") == 0
    assert written == 2 + 6 + 3


async def test_running_twice_changes_nothing(shop: Shop) -> None:
    page_id = await connect(shop)
    await ingest(shop, page_id)
    stored = [await page_rows(shop), await post_rows(shop)]
    versions = "SELECT max(xmin::text::bigint) FROM {}"
    tables = ("page_stats_daily", "post_stats_daily", "page_metrics")
    before = [await shop.value(versions.format(table)) for table in tables]

    assert await ingest(shop, page_id) == 0

    assert [await page_rows(shop), await post_rows(shop)] == stored
    assert [await shop.value(versions.format(table)) for table in tables] == before


async def test_what_lives_is_found_out_once_and_then_asked_for_together(shop: Shop) -> None:
    page_id = await connect(shop)
    await ingest(shop, page_id)
    verdicts = await shop.mapping("SELECT metric, state FROM page_metrics")
    reasons = await shop.rows("SELECT metric FROM page_metrics WHERE reason IS NOT NULL ORDER BY metric")
    first = await insights(shop)
    await ingest(shop, page_id)
    second = await insights(shop)

    dead = {*DEAD_ON_PAGES, "post_impressions"}
    assert verdicts == {name: "DEAD" if name in dead else "ALIVE" for name in (*PAGE_METRICS, *POST_METRICS)}
    assert [row[0] for row in reasons] == sorted(dead)
    posts = [f"7_{number}" for number in range(1, 7)]
    without_number = ["post_total_media_view_unique", "post_clicks_by_type", "post_impressions"]
    probes = [*["7_1"] * len(POST_METRICS), *["7_2", "7_3"] * len(without_number)]
    assert first == ["7"] * (len(PAGE_METRICS) + 1) + sorted([*posts, *probes])
    assert second == ["7", *posts]


async def test_a_metric_that_dies_takes_no_other_with_it(shop: Shop) -> None:
    page_id = await connect(shop)
    await ingest(shop, page_id, YESTERDAY - timedelta(days=1))
    await execute(shop, "UPDATE page_metrics SET state = 'ALIVE', reason = NULL WHERE metric LIKE '%impressions'")

    await ingest(shop, page_id)

    assert (YESTERDAY, "page_media_view", 100) in await page_rows(shop)
    assert await shop.mapping("SELECT metric, state FROM page_metrics WHERE metric LIKE '%impressions'") == {
        "page_impressions": "DEAD",
        "post_impressions": "DEAD",
    }


async def test_a_post_without_metrics_costs_no_other_post_its_numbers(shop: Shop) -> None:
    page_id = await connect(shop)
    await shop.arm(
        {"match": {"object_ids": ["7_1"]}, "times": None, "code": 100, "message": "be a valid insights metric"}
    )
    await ingest(shop, page_id)

    assert [row[:2] for row in await post_rows(shop)] == [("7_2", "post_media_view")]
    assert await shop.rows("SELECT metric FROM page_metrics WHERE metric LIKE 'post%' AND state = 'DEAD'") == [
        ("post_impressions",)
    ]
    [(sentence, examples)] = await shop.rows("SELECT sentence, examples::text FROM sync_warnings")
    assert sentence == "A post's numbers could not be read; what was known of them stays."
    assert '"id": "7_1"' in examples


async def test_a_post_that_is_gone_says_nothing_of_which_metrics_live(shop: Shop) -> None:
    page_id = await connect(shop)
    await shop.arm({"match": {"object_ids": ["7_1"]}, "times": None, "code": 100, "subcode": 33})
    await ingest(shop, page_id)

    assert [row[:2] for row in await post_rows(shop)] == [("7_2", "post_media_view")]
    assert await shop.rows("SELECT metric FROM page_metrics WHERE metric LIKE 'post%' AND state = 'DEAD'") == [
        ("post_impressions",)
    ]


@pytest.mark.parametrize(("days", "state"), [(6, "DEAD"), (8, "ALIVE")])
async def test_a_dead_metric_is_asked_for_again_after_a_week(shop: Shop, days: int, state: str) -> None:
    page_id = await connect(shop)
    await ingest(shop, page_id)
    long_ago = clock.now() - timedelta(days=days)
    await execute(
        shop,
        "UPDATE page_metrics SET state = 'DEAD', reason = 'once', probed_at = $1 WHERE metric = 'page_media_view'",
        long_ago,
    )

    await ingest(shop, page_id)

    assert await shop.mapping("SELECT metric, state FROM page_metrics WHERE metric = 'page_media_view'") == {
        "page_media_view": state
    }


async def test_a_value_is_stored_when_it_has_changed(services: Services, seller_id: UUID) -> None:
    with when(services, seller_id, page_of(p1=70, p2=50)) as shop:
        page_id = await connect(shop)
        await ingest(shop, page_id)
    await execute(shop, "UPDATE post_stats_daily SET stat_date = stat_date - 3")
    views = {**VIEWS, ("page_media_view", YESTERDAY): 111}
    with when(services, seller_id, page_of(views=views, p1=75, p2=50)) as shop:
        written = await ingest(shop, page_id)

    assert (YESTERDAY, "page_media_view", 111) in await page_rows(shop)
    assert [row for row in await post_rows(shop) if row[1] == "post_media_view"] == [
        ("7_1", "post_media_view", YESTERDAY - timedelta(days=3), 70),
        ("7_1", "post_media_view", YESTERDAY, 75),
        ("7_2", "post_media_view", YESTERDAY - timedelta(days=3), 50),
    ]
    assert written == 2


async def test_a_lifetime_value_is_never_written_behind_a_newer_day(shop: Shop) -> None:
    """A job of an old day, done late, says nothing about what a post had come to then."""
    page_id = await connect(shop)
    await ingest(shop, page_id, YESTERDAY - timedelta(days=4))

    assert {row[2] for row in await post_rows(shop)} == {YESTERDAY}
    assert {row[0] for row in await page_rows(shop)} == {YESTERDAY - timedelta(days=4)}


async def test_what_a_newer_day_says_of_a_post_stays(services: Services, seller_id: UUID) -> None:
    with when(services, seller_id, page_of(p1=70)) as shop:
        page_id = await connect(shop)
        await ingest(shop, page_id, TODAY)
    before = await post_rows(shop)
    with when(services, seller_id, page_of(p1=75)) as shop:
        await ingest(shop, page_id)

    assert [row for row in before if row[1] == "post_media_view"] == [("7_1", "post_media_view", TODAY, 70)]
    assert await post_rows(shop) == before


class LosingLease(Lease):
    """Lost when it is asked for the n-th time."""

    left = 0

    async def fence(self, driver: Driver) -> None:
        self.left -= 1
        if self.left == 0:
            raise LeaseLostError
        await super().fence(driver)


# The first fence is that of what is noted of the token.
@pytest.mark.parametrize(
    ("kept", "written"),
    [(1, (0, 0, 0)), (2, (0, 0, 0)), (3, (2, 0, 0)), (4, (2, 6, 0)), (5, (2, 6, 3))],
)
async def test_a_worker_that_lost_its_job_writes_no_more(shop: Shop, kept: int, written: tuple[int, ...]) -> None:
    page_id = await connect(shop)
    job = page_ingestion_job(AccountKey(shop.seller_id, page_id), YESTERDAY, priority=Priority.SCHEDULED)
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await record_run(driver, RunRequest(seller_id=shop.seller_id, origin=RunOrigin.MANUAL, reason="test"), [job])
    async with work_transaction(shop.services.database.app) as driver:
        claimed = await claim_job(driver, job.id, worker="test", lease=timedelta(seconds=30))
    assert claimed is not None
    lease = LosingLease(shop.services, claimed, timedelta(seconds=30))
    lease.left = kept

    with nullcontext() if kept > 4 else pytest.raises(LeaseLostError):
        await run_page_ingestion_job(shop.services, claimed, lease)

    stored = "SELECT (SELECT count(*) FROM page_stats_daily), count(*), (SELECT count(*) FROM post_stats_daily)"
    assert await shop.rows(f"{stored} FROM page_posts") == [written]
    assert await shop.value("SELECT count(*) FROM page_posts WHERE metrics_read_at IS NOT NULL") == 6 * (kept > 4)
    noted = await shop.value("SELECT token_checked_at IS NOT NULL FROM fb_connections")
    assert noted is (kept > 1)


async def test_a_new_page_gets_its_history_in_one_job(services: Services, seller_id: UUID) -> None:
    with when(services, seller_id, page_of(p1=70), backfill_days=120) as shop:
        await connect(shop)
        await work_until_idle(shop.services)
        jobs = await fetch_work(shop.services, "SELECT kind, state, unit FROM jobs")
        with pytest.raises(ConflictError, match="the page 7 is connected already"):
            await connect(shop)

    assert [(job["kind"], job["state"]) for job in jobs] == [("page_ingestion", "SUCCEEDED")]
    views = [row for row in await page_rows(shop) if row[1] == "page_media_view"]
    assert [row[2] for row in views] == [500, 400, 300, 200, 100]
    assert {row[2] for row in await post_rows(shop)} == {YESTERDAY}


async def test_the_history_of_the_demo_page_fits_an_hours_calls(services: Services, seller_id: UUID) -> None:
    with serving(demo_world(today=NOW.date())) as url:
        shop = Shop(pointed_at(services, url, backfill_days=90), seller_id, url)
        token = SecretStr(DEMO_PAGE_ACCESS_TOKEN)
        page = PageToConnect(provider=ProviderKind.META, external_id=DEMO_PAGE_ID, name="Demo", access_token=token)
        await connect_page(shop.services, seller_id=seller_id, page=page)
        await work_until_idle(shop.services)

    jobs = await fetch_work(services, "SELECT kind, state FROM jobs WHERE seller_id = $1", seller_id)
    assert [tuple(job) for job in jobs] == [("page_ingestion", "SUCCEEDED")]
    assert await shop.rows(
        "SELECT count(*), count(DISTINCT stat_date) FROM page_stats_daily WHERE metric = 'page_media_view'"
    ) == [(90, 90)]
    posts = await shop.value("SELECT count(*) FROM page_posts")
    assert posts > 100
    assert await shop.value("SELECT count(DISTINCT post_id) FROM post_stats_daily") == posts


async def test_a_page_of_few_likes_has_no_rows(services: Services, seller_id: UUID) -> None:
    with when(services, seller_id, replace(page_of(p1=70), likes=99)) as shop:
        assert await ingest(shop, await connect(shop)) == 6

    assert (await page_rows(shop), await post_rows(shop)) == ([], [])


async def test_a_job_that_ran_out_of_calls_goes_on_with_the_posts_that_it_has_not_read(
    services: Services, seller_id: UUID
) -> None:
    with when(services, seller_id, page_of(count=60, p1=70, p60=5)) as shop:
        page_id = await connect(shop)
        async with httpx.AsyncClient() as client:
            fault = {"match": {"edge": "insights", "object_ids": ["7_55"]}, "code": 80001}
            (await client.post(f"{shop.url}/sandbox/faults", json=fault)).raise_for_status()
        job = page_ingestion_job(AccountKey(seller_id, page_id), YESTERDAY, priority=Priority.SCHEDULED)
        async with tenant_transaction(services.database.app, seller_id) as driver:
            await record_run(driver, RunRequest(seller_id=seller_id, origin=RunOrigin.MANUAL, reason="test"), [job])
        await work_until_idle(shop.services)
        await shop.services.redis.flushdb()
        first = await insights(shop)
        await make_all_due(shop.services)
        await work_until_idle(shop.services)
        second = await insights(shop)

    assert (first.count("7_50"), first.count("7_60")) == (1, 1)
    assert second == ["7", *sorted(f"7_{number}" for number in range(51, 61))]
    assert [row[:2] for row in await post_rows(shop) if row[3] in {70, 5}] == [
        ("7_1", "post_media_view"),
        ("7_60", "post_media_view"),
    ]


async def test_an_old_post_is_read_once_a_week(shop: Shop) -> None:
    page_id = await connect(shop)
    await ingest(shop, page_id)
    await execute(
        shop,
        """
        UPDATE page_posts
        SET created_at = created_at - interval '100 days',
            metrics_read_at = now() - make_interval(days => CASE external_id WHEN '7_5' THEN 8 ELSE 2 END)
        """,
    )
    await insights(shop)

    await ingest(shop, page_id)

    assert await insights(shop) == ["7", "7_5"]


async def test_a_dead_token_ends_the_job_and_spoils_the_page(shop: Shop) -> None:
    page = PageToConnect(provider=ProviderKind.META, external_id="7", name="Shop", access_token=SecretStr("wrong"))
    page_id = await connect_page(shop.services, seller_id=shop.seller_id, page=page)
    with pytest.raises(AssertionError):
        await ingest(shop, page_id)

    assert await shop.rows("SELECT health FROM fb_connections") == [("UNHEALTHY",)]
    assert (await page_rows(shop), await shop.rows("SELECT * FROM page_metrics")) == ([], [])


REFUSALS_OF_PAGES = [
    {"code": 100, "message": "(#100) Object does not exist"},
    {"code": 100, "subcode": 1815197, "message": "Invalid parameter"},
    {"code": 100, "message": "The page was removed from your business"},
    {"code": 1234567, "message": "Odd"},
]


@pytest.mark.parametrize("refusal", REFUSALS_OF_PAGES)
async def test_a_page_of_which_all_is_refused_is_lost(shop: Shop, refusal: Mapping[str, object]) -> None:
    page_id = await connect(shop)
    await calls(shop)
    await shop.arm({"match": {"account": "7"}, "times": None, **refusal})
    await try_to_ingest(shop, page_id)
    assert await shop.rows("SELECT health, health_class FROM fb_connections") == [("UNHEALTHY", "PERMISSION")]
    named = [call["account"] for call in await calls(shop)]
    assert named == ["me", "7", "7", "7"]  # its token, its posts, the page itself, one post


@pytest.mark.parametrize("edges", [["node"], ["insights"], ["node", "insights"], ["posts"]])
@pytest.mark.parametrize("refusal", REFUSALS_OF_PAGES[::3])
async def test_a_page_of_which_something_is_refused_is_not_lost(
    shop: Shop, refusal: Mapping[str, object], edges: list[str]
) -> None:
    page_id = await connect(shop)
    for edge in edges:
        await shop.arm({"match": {"account": "7", "edge": edge}, "times": None, **refusal})
    await try_to_ingest(shop, page_id)
    assert await shop.value("SELECT health FROM fb_connections") == "HEALTHY"


@pytest.mark.parametrize(
    ("edge", "state", "landed"), [("posts", "SUCCEEDED", (True, False)), ("insights", "FAILED", (False, True))]
)
async def test_a_permission_that_lacks_for_one_list_of_a_page_costs_that_list_alone(
    shop: Shop, edge: str, state: str, landed: tuple[bool, bool]
) -> None:
    page_id = await connect(shop)
    match = {"object_ids": ["7"], "edge": edge}
    await shop.arm({"match": match, "times": None, "code": 10, "message": "Not permitted"})
    done = await try_to_ingest(shop, page_id)
    assert await shop.value("SELECT health FROM fb_connections") == "HEALTHY"
    assert done["state"] == state
    assert (await page_rows(shop) != [], await post_rows(shop) != []) == landed


@pytest.mark.parametrize("code", [10, 200])
async def test_the_newest_post_may_lack_a_permission(shop: Shop, code: int) -> None:
    page_id = await connect(shop)
    await shop.arm({"match": {"object_ids": ["7_1"]}, "times": None, "code": code, "message": "Not permitted"})
    await ingest(shop, page_id)
    assert await shop.value("SELECT health FROM fb_connections") == "HEALTHY"
    assert {post for post, *_ in await post_rows(shop)} == {"7_2"}
