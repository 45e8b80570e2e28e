"""Whose turn it is: the due jobs whose messages are sent next. Sellers take turns within an urgency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.queries.jobs.requests import WAITING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    from app.database.driver import Driver, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJob:
    """A job whose message has to be sent."""

    id: UUID
    priority: int


# Among how many times as many jobs as a seller may send those with free keys are looked for.
LOOKED_THROUGH = 20

# Due, its message not under way, and its turn yet to come.
_UNSENT = f"""jobs.state IN {WAITING}
      AND jobs.had_turn IS NOT TRUE
      AND jobs.priority = $1
      AND jobs.run_at <= now()
      AND (jobs.sent_at IS NULL OR jobs.sent_at < now() - $2::interval)"""

# Sellers take turns: the first due job of each, then the second of each. Who has any is found by going from one seller
# to the next in the index, and of each at most as many are taken as may be if half of them have no more than one; so it
# costs what there are sellers and messages, not what waits. Looked at without a lock, taken with one.
#
# LOOKED_THROUGH times as many of a seller's jobs are read as may be taken. First come those with an exclusive key that
# nothing has, then those that will be the next with theirs. Of the latter a seller has its share at most, with those
# that wait for their key already: whatever has had its turn goes ahead of all that others ask for meanwhile.
_TAKE_UNSENT = f"""
WITH RECURSIVE seller AS (
  (
    SELECT jobs.seller_id
    FROM jobs
    WHERE {_UNSENT}
      AND jobs.seller_id IS NOT NULL
    ORDER BY jobs.seller_id
    LIMIT 1
  )
  UNION ALL
  SELECT next.seller_id
  FROM seller AS last
  CROSS JOIN LATERAL (
    SELECT jobs.seller_id
    FROM jobs
    WHERE {_UNSENT}
      AND jobs.seller_id > last.seller_id
    ORDER BY jobs.seller_id
    LIMIT 1
  ) AS next
),
share AS (
  SELECT ceil(2.0 * $3 / (count(*) + 1))::int AS jobs
  FROM seller
),
kept AS (
  SELECT seller_id, count(*) AS jobs
  FROM jobs
  WHERE had_turn
    AND state IN {WAITING}
    AND priority = $1
  GROUP BY seller_id
),
oldest AS (
  SELECT own.*
  FROM seller
  CROSS JOIN LATERAL (
    SELECT jobs.id, jobs.seller_id, jobs.run_at, jobs.exclusive_key
    FROM jobs
    WHERE {_UNSENT}
      AND jobs.seller_id = seller.seller_id
    ORDER BY jobs.run_at, jobs.id
    LIMIT (SELECT share.jobs * {LOOKED_THROUGH} FROM share)
  ) AS own
),
under_way AS (
  SELECT wanted.exclusive_key, count(*) AS jobs
  FROM (SELECT DISTINCT exclusive_key FROM oldest) AS wanted
  CROSS JOIN LATERAL (
    SELECT FROM jobs
    WHERE jobs.exclusive_key = wanted.exclusive_key
      AND jobs.state = 'RUNNING'
    UNION ALL
    SELECT FROM jobs
    WHERE jobs.exclusive_key = wanted.exclusive_key
      AND jobs.state IN {WAITING}
      AND (jobs.had_turn OR jobs.sent_at >= now() - $2::interval)
  ) AS ahead
  GROUP BY wanted.exclusive_key
),
ranked AS (
  SELECT oldest.id, oldest.seller_id, oldest.run_at,
         CASE
           WHEN oldest.exclusive_key IS NULL THEN 0
           ELSE coalesce(under_way.jobs, 0) - 1
                + row_number() OVER (PARTITION BY oldest.exclusive_key ORDER BY oldest.run_at, oldest.id)
         END AS waits_for
  FROM oldest
  LEFT JOIN under_way USING (exclusive_key)
),
candidate AS (
  SELECT own.id, own.run_at, own.turn
  FROM (
    SELECT id, seller_id, run_at, waits_for,
           row_number() OVER (PARTITION BY seller_id ORDER BY waits_for, run_at, id) AS turn
    FROM ranked
  ) AS own
  CROSS JOIN share
  LEFT JOIN kept USING (seller_id)
  WHERE own.turn <= share.jobs
    AND (own.waits_for = 0 OR own.turn + coalesce(kept.jobs, 0) <= share.jobs)
  UNION ALL
  SELECT nobodys.id, nobodys.run_at, row_number() OVER (ORDER BY nobodys.run_at, nobodys.id)
  FROM (
    SELECT jobs.id, jobs.run_at
    FROM jobs
    WHERE {_UNSENT}
      AND jobs.seller_id IS NULL
    ORDER BY jobs.run_at, jobs.id
    LIMIT (SELECT share.jobs FROM share)
  ) AS nobodys
),
due AS (
  SELECT jobs.id, chosen.turn, chosen.run_at
  FROM jobs
  JOIN (SELECT * FROM candidate ORDER BY turn, run_at, id LIMIT $3) AS chosen USING (id)
  WHERE jobs.state IN {WAITING}
    AND jobs.had_turn IS NOT TRUE
    AND (jobs.sent_at IS NULL OR jobs.sent_at < now() - $2::interval)
  ORDER BY chosen.turn, chosen.run_at, jobs.id
  FOR UPDATE OF jobs SKIP LOCKED
),
taken AS (
  UPDATE jobs
  SET sent_at = now()
  FROM due
  WHERE jobs.id = due.id
  RETURNING jobs.id, jobs.priority, due.turn, due.run_at
)
SELECT id, priority
FROM taken
ORDER BY turn, run_at, id
"""


async def take_unsent(driver: Driver, *, priority: int, resend_after: timedelta, limit: int) -> list[DueJob]:
    """Mark due jobs as sent, those never sent and those sent longer than `resend_after` ago; sellers take turns.

    At most `limit`, and fewer where a few sellers have many and most have one: what is left comes with the next call.
    """
    return due_jobs(await driver.fetch(_TAKE_UNSENT, priority, resend_after, limit))


# For each exclusive key that is free again, the job with the earliest turn; the others of the key wait for it.
_TAKE_FREED = f"""
WITH next AS (
  SELECT DISTINCT ON (exclusive_key) id, run_at, sent_at
  FROM jobs
  WHERE had_turn
    AND state IN {WAITING}
    AND priority = $1
    AND run_at <= now()
    AND NOT EXISTS (
      SELECT FROM jobs AS running
      WHERE running.exclusive_key = jobs.exclusive_key
        AND running.state = 'RUNNING'
    )
  ORDER BY exclusive_key, run_at, id
),
due AS (
  SELECT jobs.id, next.run_at
  FROM jobs
  JOIN next USING (id)
  WHERE jobs.state IN {WAITING}
    AND jobs.had_turn
    AND (jobs.sent_at IS NULL OR jobs.sent_at < now() - $2::interval)
  ORDER BY jobs.id
  FOR UPDATE OF jobs SKIP LOCKED
),
taken AS (
  UPDATE jobs
  SET sent_at = now()
  FROM due
  WHERE jobs.id = due.id
  RETURNING jobs.id, jobs.priority, due.run_at
)
SELECT id, priority
FROM taken
ORDER BY run_at, id
"""


async def take_freed(driver: Driver, *, priority: int, resend_after: timedelta) -> list[DueJob]:
    """Mark jobs as sent whose turn came while their exclusive key was taken and that may have it now.

    At most one of a key; the one that is due for longest first.
    """
    return due_jobs(await driver.fetch(_TAKE_FREED, priority, resend_after))


_COUNT_KEPT = f"""
SELECT count(*)
FROM jobs
WHERE had_turn
  AND state IN {WAITING}
  AND priority = $1
"""


async def count_kept(driver: Driver, *, priority: int) -> int:
    """How many jobs had their turn and wait for their exclusive key."""
    return int(await driver.fetchval(_COUNT_KEPT, priority))


def due_jobs(rows: Sequence[Record]) -> list[DueJob]:
    """Jobs by their ids and urgencies."""
    return [DueJob(id=row["id"], priority=row["priority"]) for row in rows]
