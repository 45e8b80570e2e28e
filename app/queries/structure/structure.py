"""Campaigns, ad sets and ads as the platform names them: bulk upserts that touch only rows that changed.

A status is taken from the platform only if it was not changed here since the platform was asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from app.identifiers import new_id
from app.metrics.levels import Level
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.providers.contract import AdRecord, AdsetRecord, CampaignRecord
    from app.queries.connections.connections import Connection

# Why nothing is known of an entity's delivery: no listing of the platform names it (see `unnamed_entities`).
UNNAMED = "unnamed"


def is_unnamed(row: str) -> str:
    """The condition that no listing names this row of a level: it has no word of the platform's, even if it is over."""
    return f"({row}.delivery_raw IS NULL AND {row}.delivery_reason IN ('{UNNAMED}', 'completed'))"


TABLES = {Level.CAMPAIGN: "campaigns", Level.ADSET: "adsets", Level.AD: "ads"}

_CAMPAIGNS = """
INSERT INTO campaigns AS old (seller_id, account_id, id, external_id, name, status, status_changed_at,
                              delivery_status, budget_micros, budget_type, starts_at, ends_at, platform_created_at,
                              created_at, updated_at, archived_at)
SELECT $1::uuid, $2::uuid, id, external_id, name, status, $4::timestamptz, 'UNKNOWN',
       budget_micros, budget_type, starts_at, ends_at, platform_created_at, $3::timestamptz, $3::timestamptz,
       CASE WHEN status IN ('ARCHIVED', 'DELETED') THEN $3::timestamptz END
FROM unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::bigint[], $11::text[],
            $12::timestamptz[], $13::timestamptz[])
  AS new (id, external_id, name, status, platform_created_at, budget_micros, budget_type, starts_at, ends_at)
ORDER BY external_id
ON CONFLICT (seller_id, external_id) DO UPDATE
SET name = excluded.name,
    budget_micros = excluded.budget_micros,
    budget_type = excluded.budget_type,
    starts_at = excluded.starts_at,
    ends_at = excluded.ends_at,
    platform_created_at = excluded.platform_created_at,
    updated_at = excluded.updated_at
WHERE (old.name, old.budget_micros, old.budget_type, old.starts_at, old.ends_at, old.platform_created_at)
      IS DISTINCT FROM (excluded.name, excluded.budget_micros, excluded.budget_type, excluded.starts_at,
                        excluded.ends_at, excluded.platform_created_at)
RETURNING id
"""

_ADSETS = """
INSERT INTO adsets AS old (seller_id, account_id, id, external_id, campaign_id, name, status, status_changed_at,
                           delivery_status, budget_micros, budget_type, starts_at, ends_at, platform_created_at,
                           optimization_goal, targeting, created_at, updated_at, archived_at)
SELECT $1::uuid, $2::uuid, new.id, new.external_id, campaigns.id, new.name, new.status, $4::timestamptz, 'UNKNOWN',
       new.budget_micros, new.budget_type, new.starts_at, new.ends_at, new.platform_created_at, new.optimization_goal,
       new.targeting::jsonb, $3::timestamptz, $3::timestamptz,
       CASE WHEN new.status IN ('ARCHIVED', 'DELETED') THEN $3::timestamptz END
FROM unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::bigint[], $11::text[],
            $12::timestamptz[], $13::timestamptz[], $14::text[], $15::text[], $16::text[])
  AS new (id, external_id, name, status, platform_created_at, budget_micros, budget_type, starts_at, ends_at,
          campaign_external_id, optimization_goal, targeting)
JOIN campaigns ON campaigns.seller_id = $1
              AND campaigns.account_id = $2
              AND campaigns.external_id = new.campaign_external_id
ORDER BY new.external_id
ON CONFLICT (seller_id, external_id) DO UPDATE
SET name = excluded.name,
    budget_micros = excluded.budget_micros,
    budget_type = excluded.budget_type,
    starts_at = excluded.starts_at,
    ends_at = excluded.ends_at,
    platform_created_at = excluded.platform_created_at,
    optimization_goal = excluded.optimization_goal,
    targeting = excluded.targeting,
    updated_at = excluded.updated_at
WHERE (old.name, old.budget_micros, old.budget_type, old.starts_at, old.ends_at, old.platform_created_at,
       old.optimization_goal, old.targeting)
      IS DISTINCT FROM (excluded.name, excluded.budget_micros, excluded.budget_type, excluded.starts_at,
                        excluded.ends_at, excluded.platform_created_at, excluded.optimization_goal,
                        excluded.targeting)
RETURNING id
"""

_ADS = """
INSERT INTO ads AS old (seller_id, account_id, id, external_id, campaign_id, adset_id, name, status,
                        status_changed_at, delivery_status, platform_created_at, created_at, updated_at, archived_at)
SELECT $1::uuid, $2::uuid, new.id, new.external_id, adsets.campaign_id, adsets.id, new.name, new.status,
       $4::timestamptz, 'UNKNOWN', new.platform_created_at, $3::timestamptz, $3::timestamptz,
       CASE WHEN new.status IN ('ARCHIVED', 'DELETED') THEN $3::timestamptz END
FROM unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::text[])
  AS new (id, external_id, name, status, platform_created_at, adset_external_id)
JOIN adsets ON adsets.seller_id = $1
           AND adsets.account_id = $2
           AND adsets.external_id = new.adset_external_id
ORDER BY new.external_id
ON CONFLICT (seller_id, external_id) DO UPDATE
SET name = excluded.name,
    platform_created_at = excluded.platform_created_at,
    updated_at = excluded.updated_at
WHERE (old.name, old.platform_created_at) IS DISTINCT FROM (excluded.name, excluded.platform_created_at)
RETURNING id
"""


async def upsert_campaigns(
    driver: Driver,
    connection: Connection,
    records: Sequence[CampaignRecord],
    *,
    asked_at: datetime,
    now: datetime,
) -> int:
    """Write what differs; answers how many rows were written. `asked_at`: when the platform was asked."""
    rows = await driver.fetch(
        _CAMPAIGNS,
        *_who(connection, now, asked_at),
        *_entity(records),
        *_budget(records),
    )
    return len(rows)


async def upsert_adsets(
    driver: Driver,
    connection: Connection,
    records: Sequence[AdsetRecord],
    *,
    asked_at: datetime,
    now: datetime,
) -> int:
    """Likewise; an ad set whose campaign we lack is left out."""
    rows = await driver.fetch(
        _ADSETS,
        *_who(connection, now, asked_at),
        *_entity(records),
        *_budget(records),
        [record.campaign_external_id for record in records],
        [record.optimization_goal for record in records],
        [orjson.dumps(record.targeting).decode() for record in records],
    )
    return len(rows)


async def upsert_ads(
    driver: Driver,
    connection: Connection,
    records: Sequence[AdRecord],
    *,
    asked_at: datetime,
    now: datetime,
) -> int:
    """Likewise; an ad whose ad set we lack is left out."""
    rows = await driver.fetch(
        _ADS,
        *_who(connection, now, asked_at),
        *_entity(records),
        [record.adset_external_id for record in records],
    )
    return len(rows)


def _who(connection: Connection, now: datetime, asked_at: datetime) -> list[Any]:
    return [connection.seller_id, connection.id, now, asked_at]


def _entity(records: Sequence[CampaignRecord | AdsetRecord | AdRecord]) -> list[list[Any]]:
    return [
        [new_id() for _ in records],
        [record.external_id for record in records],
        [record.name for record in records],
        [record.status.value for record in records],
        [record.created_at for record in records],
    ]


def _budget(records: Sequence[CampaignRecord | AdsetRecord]) -> list[list[Any]]:
    return [
        [record.budget_micros for record in records],
        [record.budget_type for record in records],
        [record.starts_at for record in records],
        [record.ends_at for record in records],
    ]


_STATUSES = {
    level: f"""
UPDATE {table} AS old
SET status = new.status,
    status_changed_at = CASE WHEN old.status = new.status THEN old.status_changed_at ELSE $4::timestamptz END,
    archived_at = CASE WHEN new.status IN ('ARCHIVED', 'DELETED') THEN coalesce(old.archived_at, $3::timestamptz) END,
    delivery_status = new.delivery_status,
    delivery_raw = new.delivery_raw,
    delivery_reason = new.delivery_reason,
    updated_at = $3::timestamptz
FROM (
  SELECT polled.external_id, polled.delivery_status, polled.delivery_raw, polled.delivery_reason,
         CASE WHEN {is_unnamed("known")} THEN polled.status ELSE known.status END AS status_before,
         CASE WHEN known.status_changed_at > $4::timestamptz THEN known.status ELSE polled.status END AS status
  FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
    AS polled (external_id, status, delivery_status, delivery_raw, delivery_reason)
  JOIN {table} AS known ON known.seller_id = $1
                       AND known.account_id = $2
                       AND known.external_id = polled.external_id
  ORDER BY polled.external_id
  FOR UPDATE OF known
) AS new
WHERE old.seller_id = $1
  AND old.account_id = $2
  AND old.external_id = new.external_id
  AND (old.status, old.delivery_status, old.delivery_raw, old.delivery_reason)
      IS DISTINCT FROM (new.status, new.delivery_status, new.delivery_raw, new.delivery_reason)
RETURNING old.id, new.status_before, new.status
"""
    for level, table in TABLES.items()
}


class StatusWrite(NamedTuple):
    """A row that was written, and its status before and after; they are equal where only its delivery differed.

    What the platform had not named so far had no status before that anybody knew.
    """

    entity_id: UUID
    before: EntityStatus
    after: EntityStatus


async def apply_statuses(
    driver: Driver,
    connection: Connection,
    level: Level,
    statuses: Sequence[tuple[str, str, str, str | None, str | None]],
    *,
    asked_at: datetime,
    now: datetime,
) -> list[StatusWrite]:
    """Write (external id, status, delivery status, raw, reason) where they differ; answers those that did."""
    columns: list[list[Any]] = [list(column) for column in zip(*statuses, strict=True)] if statuses else [[]] * 5
    rows = await driver.fetch(
        _STATUSES[level],
        connection.seller_id,
        connection.id,
        now,
        asked_at,
        *columns,
    )
    return [StatusWrite(entity_id, EntityStatus(before), EntityStatus(after)) for entity_id, before, after in rows]


_IDS = {
    level: f"""
SELECT external_id, id
FROM {table}
WHERE seller_id = $1
  AND account_id = $2
  AND external_id = ANY($3::text[])
"""
    for level, table in TABLES.items()
}

_COUNT = {
    level: f"""
SELECT count(*)
FROM {table}
WHERE seller_id = $1
  AND account_id = $2
"""
    for level, table in TABLES.items()
}
# Listings may leave out what is archived or deleted.
_KNOWS_LISTED = {
    level: f"""
SELECT EXISTS (
  SELECT FROM {table} AS known
  WHERE known.seller_id = $1
    AND known.account_id = $2
    AND known.status NOT IN ('ARCHIVED', 'DELETED')
    AND {is_unnamed("known")} IS NOT TRUE
)
"""
    for level, table in TABLES.items()
}


async def load_entity_ids(
    driver: Driver, connection: Connection, level: Level, external_ids: Collection[str]
) -> Mapping[str, UUID]:
    """Our ids of an account's entities, by the platform's ids. An ACCOUNT's entity is the connection."""
    if level is Level.ACCOUNT:
        return dict.fromkeys(external_ids, connection.id)
    rows = await driver.fetch(_IDS[level], connection.seller_id, connection.id, list(external_ids))
    return {row["external_id"]: row["id"] for row in rows}


async def count_entities(driver: Driver, connection: Connection, level: Level) -> int:
    """How many entities of a level we know of an account."""
    if level is Level.ACCOUNT:
        return 1
    return await driver.fetchval(_COUNT[level], connection.seller_id, connection.id)


async def knows_listed(driver: Driver, connection: Connection, level: Level) -> bool:
    """Whether we know entities of a level that the platform's listing has named and should name still."""
    return await driver.fetchval(_KNOWS_LISTED[level], connection.seller_id, connection.id)
