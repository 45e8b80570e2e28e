"""Page ingestion: days of a page's metrics, its posts, and what these have come to.

Days are the platform's own, in the page's zone. The page's days are one transaction; posts are written in batches. A
job that was stopped in the middle, by a quota for example, continues with the posts that it has not read yet.
A page that the platform keeps no numbers of (under 100 likes) simply has no rows. Where it refuses the page's days, the
posts are read all the same, and the job fails of that refusal.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, Self

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import (
    DeadMetricError,
    OutdatedRequestError,
    ProviderTransientError,
    RequestRefusedError,
    UnexplainedRefusalError,
    UnfinishedWalkError,
)
from app.identifiers import made_at
from app.observability.prometheus import ROWS_WRITTEN
from app.providers.page_metrics import PAGE_METRICS, POST_METRICS
from app.queries.stats import page_stats
from app.queries.stats.page_stats import PostValue
from app.services.connections.token_check import check_tokens
from app.services.fb_pages.metric_probing import LivingMetrics
from app.services.platform.provider_access import open_page_provider
from app.services.platform.working_connection import get_working_connection
from app.services.structure.listings import note_unread_posts
from app.vocabulary import ConnectionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    from app.errors import ProviderError
    from app.providers.contract import PageProvider
    from app.queries.connections.connections import Connection
    from app.queries.jobs.claims import ClaimedJob
    from app.services.context import Services
    from app.services.jobs.lease import Lease

POSTS_PER_BATCH = 50
# Posts that are asked before a metric is taken for dead.
PROBED_POSTS = 3
YOUNG_DAYS = 90
# What a post has come to hardly moves any more once it is old.
OLD_READ_AGAIN = timedelta(days=7)


class PageDays(NamedTuple):
    """The days of a job, both included."""

    from_date: date
    to_date: date

    @classmethod
    def from_json(cls, unit: Mapping[str, str]) -> Self:
        """One `day`, or `from` and `to`."""
        first, last = (unit["day"], unit["day"]) if "day" in unit else (unit["from"], unit["to"])
        return cls(date.fromisoformat(first), date.fromisoformat(last))


class PageWork(NamedTuple):
    """One job's: what it works for and by."""

    services: Services
    page: Connection
    provider: PageProvider
    lease: Lease


async def run_page_ingestion_job(services: Services, job: ClaimedJob, lease: Lease) -> int:
    """The handler of page ingestion jobs."""
    days = PageDays.from_json(job.unit)
    page = await get_working_connection(services, job)
    if page.kind is not ConnectionKind.PAGE:
        raise RequestRefusedError(f"the connection {page.name!r} is no page")
    await check_tokens(services, seller_id=page.seller_id, only=page.id, lease=lease)
    work = PageWork(services, page, open_page_provider(services, page, lease), lease)
    written, refused = await _try_days(work, days)
    await lease.note_progress(done=1, of=3, rows=written)
    written += await _ingest_posts(work)
    await lease.note_progress(done=2, of=3, rows=written)
    written += await _ingest_post_values(work, days, asked_at=made_at(job.id))
    await lease.note_progress(done=3, of=3, rows=written)
    if refused is not None:
        raise refused
    return written


async def _try_days(work: PageWork, days: PageDays) -> tuple[int, RequestRefusedError | None]:
    """The rows of its days, or why the platform refuses them: its posts don't wait for them. Raises ProviderError."""
    try:
        return await _ingest_days(work, days), None
    except (OutdatedRequestError, UnexplainedRefusalError):
        raise
    except RequestRefusedError as error:
        return 0, error


async def _ingest_days(work: PageWork, days: PageDays) -> int:
    metrics = await _load_metrics(work, PAGE_METRICS)
    fetched_at = clock.now()
    rows = await metrics.read(
        lambda names: work.provider.read_page_metrics(names, days.from_date, days.to_date),
        probe=lambda names: work.provider.read_page_metrics(names, days.to_date, days.to_date),
    )
    async with tenant_transaction(work.services.database.app, work.page.seller_id) as driver:
        await work.lease.fence(driver)
        await page_stats.save_verdicts(driver, work.page, list(metrics.news.values()))
        written = await page_stats.write_page_days(driver, work.page, rows, fetched_at=fetched_at)
    ROWS_WRITTEN.labels("page_stats_daily").inc(written)
    return written


async def _load_metrics(work: PageWork, names: Sequence[str]) -> LivingMetrics:
    async with tenant_transaction(work.services.database.app, work.page.seller_id) as driver:
        return LivingMetrics(names, await page_stats.list_verdicts(driver, work.page))


async def _ingest_posts(work: PageWork) -> int:
    """The posts of the last 90 days as the platform lists them; older ones are known or never will be.

    Those that it does not list are known from before or come later: numbers of the others don't wait for them.
    """
    written = 0
    try:
        async for posts in work.provider.list_posts(_young_since().date()):
            async with tenant_transaction(work.services.database.app, work.page.seller_id) as driver:
                await work.lease.fence(driver)
                written += await page_stats.write_posts(driver, work.page, posts, seen_at=clock.now())
    except (UnfinishedWalkError, RequestRefusedError) as error:
        note_unread_posts(work.lease, error)
    ROWS_WRITTEN.labels("page_posts").inc(written)
    return written


def _young_since() -> datetime:
    first = clock.now().date() - timedelta(days=YOUNG_DAYS)
    return datetime.combine(first, time(), tzinfo=UTC)


async def _ingest_post_values(work: PageWork, days: PageDays, *, asked_at: datetime) -> int:
    """What posts have come to by now, as of the newest day that the page has behind it or that the job is about.

    The past of a lifetime value can't be asked for: a backfill of older days says nothing about it.
    """
    yesterday = clock.today_in(work.page.time_zone) - timedelta(days=1)
    as_of = max(days.to_date, yesterday)
    async with tenant_transaction(work.services.database.app, work.page.seller_id) as driver:
        posts = await page_stats.list_posts_to_read(
            driver,
            work.page,
            young_since=_young_since(),
            young_read_before=asked_at,
            old_read_before=min(asked_at, clock.now() - OLD_READ_AGAIN),
        )
    metrics = await _load_metrics(work, POST_METRICS)
    written = 0
    for batch in _batches(posts):
        written += await _write_values(work, metrics, batch, as_of=as_of)
    ROWS_WRITTEN.labels("post_stats_daily").inc(written)
    return written


def _batches(posts: Mapping[str, UUID]) -> Iterator[dict[str, UUID]]:
    items = list(posts.items())
    for start in range(0, len(items), POSTS_PER_BATCH):
        yield dict(items[start : start + POSTS_PER_BATCH])


async def _probe_posts(provider: PageProvider, external_ids: Sequence[str], names: Sequence[str]) -> None:
    """Ask the newest post for the metrics, and the next ones only where it has none: that may be about the post.

    Raises DeadMetricError where posts that have no such metric are as many as those that are gone or have no number,
    and what is said of the last one where nothing else is known.
    """
    dead: list[DeadMetricError] = []
    failed: ProviderError | None = None
    silent = 0
    for external_id in external_ids:
        try:
            if await provider.read_post_metrics([external_id], names):
                return
            silent += 1
        except DeadMetricError as error:
            dead.append(error)
        except (RequestRefusedError, ProviderTransientError) as error:
            failed = error
    if dead and len(dead) >= silent:
        raise dead[0]
    if failed and not silent:
        raise failed


async def _write_values(work: PageWork, metrics: LivingMetrics, batch: Mapping[str, UUID], *, as_of: date) -> int:
    ids = list(batch)
    fetched_at = clock.now()
    rows = await metrics.read(
        lambda names: work.provider.read_post_metrics(ids, names),
        probe=lambda names: _probe_posts(work.provider, ids[:PROBED_POSTS], names),
    )
    values = [PostValue(batch[row.post_external_id], row.metric, row.value) for row in rows]
    async with tenant_transaction(work.services.database.app, work.page.seller_id) as driver:
        await work.lease.fence(driver)
        await page_stats.save_verdicts(driver, work.page, list(metrics.news.values()))
        written = await page_stats.write_post_values(driver, work.page, values, as_of=as_of, fetched_at=fetched_at)
        await page_stats.mark_posts_read(driver, work.page, list(batch.values()), read_at=fetched_at)
    return written
