"""Entities that statistics name and no listing of the platform does: kept under the name the row gives.

Their status is DELETED where the platform lists all that there is, and UNKNOWN as long as it refuses to.

What is known already is left alone. A structure sync that names one of them later corrects it like any other row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.identifiers import new_id
from app.queries.structure.structure import UNNAMED, is_unnamed
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection

_SHARED = """seller_id, account_id, id, external_id, name, status, status_changed_at, delivery_status, delivery_reason,
  created_at, updated_at, archived_at"""
_VALUES = f"""$1::uuid, $2::uuid, new.id, new.external_id, new.name, $5::text, $3::timestamptz, 'UNKNOWN', '{UNNAMED}',
  $4::timestamptz, $4::timestamptz, CASE WHEN $5::text = 'DELETED' THEN $4::timestamptz END"""

_CAMPAIGNS = f"""
INSERT INTO campaigns ({_SHARED})
SELECT {_VALUES}
FROM unnest($6::uuid[], $7::text[], $8::text[]) AS new (id, external_id, name)
ORDER BY new.external_id
ON CONFLICT (seller_id, external_id) DO NOTHING
RETURNING id
"""

_ADSETS = f"""
INSERT INTO adsets ({_SHARED}, campaign_id, targeting)
SELECT {_VALUES}, campaigns.id, '{{}}'::jsonb
FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[]) AS new (id, external_id, name, parent_external_id)
JOIN campaigns ON campaigns.seller_id = $1
              AND campaigns.account_id = $2
              AND campaigns.external_id = new.parent_external_id
ORDER BY new.external_id
ON CONFLICT (seller_id, external_id) DO NOTHING
RETURNING id
"""

_ADS = f"""
INSERT INTO ads ({_SHARED}, campaign_id, adset_id)
SELECT {_VALUES}, adsets.campaign_id, adsets.id
FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[]) AS new (id, external_id, name, parent_external_id)
JOIN adsets ON adsets.seller_id = $1
           AND adsets.account_id = $2
           AND adsets.external_id = new.parent_external_id
ORDER BY new.external_id
ON CONFLICT (seller_id, external_id) DO NOTHING
RETURNING id
"""


def _give_up(table: str) -> str:
    return f"""
UPDATE {table} AS entity
SET status = 'DELETED', status_changed_at = $3, archived_at = $4, updated_at = $4
WHERE entity.seller_id = $1
  AND entity.account_id = $2
  AND entity.status = 'UNKNOWN'
  AND {is_unnamed("entity")}
"""


_GIVE_UP = tuple(map(_give_up, ("campaigns", "adsets", "ads")))


class UnnamedEntity(NamedTuple):
    """A campaign, or what stands under the parent that is named by the platform's id."""

    external_id: str
    name: str
    parent_external_id: str | None


class UnnamedTree(NamedTuple):
    """Each entity once."""

    campaigns: Sequence[UnnamedEntity]
    adsets: Sequence[UnnamedEntity]
    ads: Sequence[UnnamedEntity]


async def insert_unnamed(
    driver: Driver,
    connection: Connection,
    tree: UnnamedTree,
    *,
    seen_at: datetime,
    now: datetime,
    are_listed: bool,
) -> int:
    """Keep what is not known yet, parents first; answers how many there were. `seen_at`: when the platform said so.

    `are_listed`: the platform lists everything else of the account.

    The caller holds the lock of the connection, as all writers of its tree do.
    """
    inserted = 0
    status = EntityStatus.DELETED if are_listed else EntityStatus.UNKNOWN
    for query, entities, has_parent in (
        (_CAMPAIGNS, tree.campaigns, False),
        (_ADSETS, tree.adsets, True),
        (_ADS, tree.ads, True),
    ):
        if entities:
            columns = [list(column) for column in zip(*entities, strict=True)][: 3 if has_parent else 2]
            ids = [new_id() for _ in entities]
            rows = await driver.fetch(query, connection.seller_id, connection.id, seen_at, now, status, ids, *columns)
            inserted += len(rows)
    return inserted


async def give_up_unnamed(driver: Driver, connection: Connection, *, seen_at: datetime, now: datetime) -> None:
    """The platform has listed everything: what it still does not name is deleted. The lock is that of the writers."""
    for statement in _GIVE_UP:
        await driver.execute(statement, connection.seller_id, connection.id, seen_at, now)
