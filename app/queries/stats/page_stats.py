"""What is written of a page: which metrics live, its days, its posts and their lifetime values.

Every write changes only what differs, so that the same again changes nothing, and a fetch that is older than what is
there changes nothing either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.identifiers import new_id
from app.vocabulary import MetricState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.providers.contract import PageMetricRow, PostRecord
    from app.queries.connections.connections import Connection


class Verdict(NamedTuple):
    """What asking for one metric alone showed; `reason` is the platform's, for a dead one."""

    metric: str
    state: MetricState
    reason: str | None
    probed_at: datetime


class PostValue(NamedTuple):
    """A metric of a post over its whole life so far."""

    post_id: UUID
    metric: str
    value: int


_LIST_VERDICTS = """
SELECT metric, state, reason, probed_at
FROM page_metrics
WHERE seller_id = $1
  AND connection_id = $2
"""

_SAVE_VERDICTS = """
INSERT INTO page_metrics AS old (seller_id, connection_id, metric, state, reason, probed_at)
SELECT $1, $2, metric, state, reason, probed_at
FROM unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[]) AS new (metric, state, reason, probed_at)
ORDER BY metric
ON CONFLICT (seller_id, connection_id, metric) DO UPDATE
SET state = excluded.state, reason = excluded.reason, probed_at = excluded.probed_at
WHERE old.probed_at < excluded.probed_at
"""

_WRITE_DAYS = """
WITH written AS (
  INSERT INTO page_stats_daily AS old (seller_id, connection_id, stat_date, metric, value, fetched_at)
  SELECT $1, $2, stat_date, metric, value, $3
  FROM unnest($4::date[], $5::text[], $6::bigint[]) AS new (stat_date, metric, value)
  ORDER BY stat_date, metric
  ON CONFLICT (seller_id, connection_id, stat_date, metric) DO UPDATE
  SET value = excluded.value, fetched_at = excluded.fetched_at
  WHERE old.value <> excluded.value
    AND old.fetched_at < excluded.fetched_at
  RETURNING 1
)
SELECT count(*)
FROM written
"""

_WRITE_POSTS = """
WITH written AS (
  INSERT INTO page_posts AS old (seller_id, id, connection_id, external_id, created_at, message, permalink_url,
                                 first_seen_at, updated_at)
  SELECT $1, id, $2, external_id, created_at, message, permalink_url, $3, $3
  FROM unnest($4::uuid[], $5::text[], $6::timestamptz[], $7::text[], $8::text[])
    AS new (id, external_id, created_at, message, permalink_url)
  ORDER BY external_id
  ON CONFLICT (seller_id, connection_id, external_id) DO UPDATE
  SET message = excluded.message, permalink_url = excluded.permalink_url, updated_at = excluded.updated_at
  WHERE (old.message, old.permalink_url) IS DISTINCT FROM (excluded.message, excluded.permalink_url)
    AND old.updated_at < excluded.updated_at
  RETURNING 1
)
SELECT count(*)
FROM written
"""

_LIST_POSTS_TO_READ = """
SELECT external_id, id
FROM page_posts
WHERE seller_id = $1
  AND connection_id = $2
  AND (metrics_read_at IS NULL
       OR metrics_read_at < CASE WHEN created_at >= $3 THEN $4::timestamptz ELSE $5::timestamptz END)
ORDER BY created_at DESC, id DESC
"""

_WRITE_POST_VALUES = """
WITH written AS (
  INSERT INTO post_stats_daily AS old (seller_id, post_id, metric, stat_date, value, fetched_at)
  SELECT $1, new.post_id, new.metric, $2, new.value, $3
  FROM unnest($4::uuid[], $5::text[], $6::bigint[]) AS new (post_id, metric, value)
  LEFT JOIN LATERAL (
    SELECT known.value, known.stat_date
    FROM post_stats_daily AS known
    WHERE known.seller_id = $1
      AND known.post_id = new.post_id
      AND known.metric = new.metric
    ORDER BY known.stat_date DESC
    LIMIT 1
  ) AS newest ON true
  WHERE newest.value IS NULL
     OR (newest.value <> new.value AND newest.stat_date <= $2)
  ORDER BY new.post_id, new.metric
  ON CONFLICT (seller_id, post_id, metric, stat_date) DO UPDATE
  SET value = excluded.value, fetched_at = excluded.fetched_at
  WHERE old.fetched_at < excluded.fetched_at
  RETURNING 1
)
SELECT count(*)
FROM written
"""

_MARK_POSTS_READ = """
UPDATE page_posts
SET metrics_read_at = $2
FROM (
  SELECT id
  FROM page_posts
  WHERE seller_id = $1
    AND id = ANY($3::uuid[])
    AND (metrics_read_at IS NULL OR metrics_read_at < $2)
  ORDER BY id
  FOR NO KEY UPDATE
) AS unread
WHERE page_posts.seller_id = $1
  AND page_posts.id = unread.id
"""


async def list_verdicts(driver: Driver, page: Connection) -> dict[str, Verdict]:
    """What is known of the page's metrics, by name."""
    rows = await driver.fetch(_LIST_VERDICTS, page.seller_id, page.id)
    return {
        row["metric"]: Verdict(row["metric"], MetricState(row["state"]), row["reason"], row["probed_at"])
        for row in rows
    }


async def save_verdicts(driver: Driver, page: Connection, verdicts: Sequence[Verdict]) -> None:
    """Remember what probing showed; the newest verdict on a metric stays."""
    if verdicts:
        await driver.execute(
            _SAVE_VERDICTS,
            page.seller_id,
            page.id,
            [verdict.metric for verdict in verdicts],
            [verdict.state.value for verdict in verdicts],
            [verdict.reason for verdict in verdicts],
            [verdict.probed_at for verdict in verdicts],
        )


async def write_page_days(
    driver: Driver, page: Connection, rows: Sequence[PageMetricRow], *, fetched_at: datetime
) -> int:
    """Values of the page's metrics by day, each day and metric once; answers how many are new or other than before."""
    return await driver.fetchval(
        _WRITE_DAYS,
        page.seller_id,
        page.id,
        fetched_at,
        [row.stat_date for row in rows],
        [row.metric for row in rows],
        [row.value for row in rows],
    )


async def write_posts(driver: Driver, page: Connection, posts: Sequence[PostRecord], *, seen_at: datetime) -> int:
    """Posts as the platform names them, each once; answers how many are new or other than before."""
    return await driver.fetchval(
        _WRITE_POSTS,
        page.seller_id,
        page.id,
        seen_at,
        [new_id() for _ in posts],
        [post.external_id for post in posts],
        [post.created_at for post in posts],
        [post.message for post in posts],
        [post.permalink_url for post in posts],
    )


async def list_posts_to_read(
    driver: Driver,
    page: Connection,
    *,
    young_since: datetime,
    young_read_before: datetime,
    old_read_before: datetime,
) -> Mapping[str, UUID]:
    """Known posts, the newest first, whose metrics were not read since: ids by the platform's.

    A post is young when it was made at `young_since` or later.
    """
    rows = await driver.fetch(
        _LIST_POSTS_TO_READ, page.seller_id, page.id, young_since, young_read_before, old_read_before
    )
    return {row["external_id"]: row["id"] for row in rows}


async def write_post_values(
    driver: Driver,
    page: Connection,
    values: Sequence[PostValue],
    *,
    as_of: date,
    fetched_at: datetime,
) -> int:
    """Lifetime values at the end of a day, where they differ from the newest that is stored; answers how many do.

    Nothing is written behind a newer day.
    """
    return await driver.fetchval(
        _WRITE_POST_VALUES,
        page.seller_id,
        as_of,
        fetched_at,
        [value.post_id for value in values],
        [value.metric for value in values],
        [value.value for value in values],
    )


async def mark_posts_read(driver: Driver, page: Connection, post_ids: Sequence[UUID], *, read_at: datetime) -> None:
    """The metrics of these posts were asked for, whatever there was of them."""
    await driver.execute(_MARK_POSTS_READ, page.seller_id, read_at, list(post_ids))
