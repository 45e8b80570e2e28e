"""What is known of entities that the platform did not list: how campaigns and ad sets stood, and what of it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.metrics.levels import Level
from app.queries.structure.structure import TABLES, UNNAMED, is_unnamed
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection

_KNOWN = {
    Level.CAMPAIGN: """
SELECT external_id, status, delivery_raw, starts_at, ends_at, NULL AS campaign_external_id
FROM campaigns
WHERE seller_id = $1
  AND account_id = $2
  AND external_id = ANY($3::text[])
ORDER BY external_id
""",
    Level.ADSET: """
SELECT adsets.external_id, adsets.status, adsets.delivery_raw, adsets.starts_at, adsets.ends_at,
       campaigns.external_id AS campaign_external_id
FROM adsets
JOIN campaigns ON campaigns.seller_id = $1
              AND campaigns.id = adsets.campaign_id
WHERE adsets.seller_id = $1
  AND adsets.account_id = $2
  AND adsets.external_id = ANY($3::text[])
ORDER BY adsets.external_id
""",
}

_OVER = """
UPDATE {table} AS entity
SET delivery_status = 'INACTIVE', delivery_reason = 'completed', updated_at = $3::timestamptz
WHERE entity.seller_id = $1
  AND entity.account_id = $2
  AND entity.id IN (
    SELECT own.id
    FROM {table} AS own
    WHERE own.seller_id = $1
      AND own.account_id = $2
      AND own.delivery_raw = 'ACTIVE'
      AND own.delivery_reason IS DISTINCT FROM 'completed'
      AND ({is_over})
    ORDER BY own.external_id
    FOR NO KEY UPDATE
  )
RETURNING entity.id
"""
_PARENT_IS_OVER = """EXISTS (
        SELECT
        FROM {parents} AS parent
        WHERE parent.seller_id = $1
          AND parent.id = own.{key}
          AND (parent.delivery_reason = 'completed'
               OR parent.delivery_raw <> 'ACTIVE' AND parent.ends_at <= $3::timestamptz)
      )"""
_CAMPAIGN_IS_OVER = _PARENT_IS_OVER.format(parents="campaigns", key="campaign_id")
_ADSET_IS_OVER = _PARENT_IS_OVER.format(parents="adsets", key="adset_id")
_AD_IS_OVER = f"{_CAMPAIGN_IS_OVER} OR {_ADSET_IS_OVER}"
_COMPLETE = {
    Level.CAMPAIGN: _OVER.format(table="campaigns", is_over="own.ends_at <= $3::timestamptz"),
    Level.ADSET: _OVER.format(table="adsets", is_over=f"own.ends_at <= $3::timestamptz OR {_CAMPAIGN_IS_OVER}"),
    Level.AD: _OVER.format(table="ads", is_over=_AD_IS_OVER),
}

_UNNAMED = """
UPDATE {table} AS entity
SET delivery_status = judged.delivery_status, delivery_reason = judged.delivery_reason, updated_at = $3::timestamptz
FROM (
  SELECT own.id, told.delivery_status, told.delivery_reason
  FROM {table} AS own
  CROSS JOIN LATERAL (
    SELECT CASE WHEN {is_over} THEN 'INACTIVE' ELSE 'UNKNOWN' END AS delivery_status,
           CASE WHEN {is_over} THEN 'completed' ELSE '{unnamed}' END AS delivery_reason
  ) AS told
  WHERE own.seller_id = $1
    AND own.account_id = $2
    AND {is_unnamed}
    AND own.delivery_reason <> told.delivery_reason
  ORDER BY own.external_id
  FOR NO KEY UPDATE OF own
) AS judged
WHERE entity.seller_id = $1
  AND entity.account_id = $2
  AND entity.id = judged.id
RETURNING entity.id
"""
_JUDGE_UNNAMED = {
    level: _UNNAMED.format(table=TABLES[level], is_over=is_over, unnamed=UNNAMED, is_unnamed=is_unnamed("own"))
    for level, is_over in ((Level.ADSET, _CAMPAIGN_IS_OVER), (Level.AD, _AD_IS_OVER))
}


class KnownParent(NamedTuple):
    """A campaign, or an ad set of the campaign that is named by the platform's id."""

    external_id: str
    status: EntityStatus
    delivery_raw: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    campaign_external_id: str | None


async def list_known(
    driver: Driver, connection: Connection, level: Level, external_ids: Collection[str]
) -> Sequence[KnownParent]:
    """Campaigns or ad sets as they were known, by the platform's ids; without those that nothing is known of."""
    if not external_ids:
        return []
    rows = await driver.fetch(_KNOWN[level], connection.seller_id, connection.id, list(external_ids))
    return [KnownParent(*row)._replace(status=EntityStatus(row["status"])) for row in rows]


async def complete_what_is_over(driver: Driver, connection: Connection, level: Level, *, now: datetime) -> int:
    """Complete what seems active after its own end or under what is completed; answers how many rows were written.

    The level above comes first.
    """
    return len(await driver.fetch(_COMPLETE[level], connection.seller_id, connection.id, now))


async def complete_unnamed(driver: Driver, connection: Connection, level: Level, *, now: datetime) -> int:
    """Complete what no listing names under what is over, and nothing else of it; answers how many rows were written.

    The level above comes first. Campaigns have none.
    """
    if level not in _JUDGE_UNNAMED:
        return 0
    return len(await driver.fetch(_JUDGE_UNNAMED[level], connection.seller_id, connection.id, now))
