"""What an operator counts over all sellers, as the system role: how fresh their ad accounts are, which are healthy.

It answers numbers; of a seller nothing but its place in the walk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.vocabulary import ConnectionHealth, ConnectionKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from app.database.driver import Driver

# An account's numbers move for so long after its last spend, and so long it is certainly synced at its cadence.
SPENDING_DAYS = 28


class SellerFreshness(NamedTuple):
    """One seller's healthy ad accounts, those that spend or those that don't.

    `age` in seconds, of the account whose stats are oldest; None where none was ever synced (or there is none).
    """

    seller_id: UUID
    spends: bool
    age: float | None
    fresh: int
    late: int
    stale: int
    never_synced: int


class Pace(NamedTuple):
    """The schedule's interval, and after how many of them stats are no longer FRESH, and no longer LATE but STALE.

    An account whose budget can't carry the interval has a longer one. Nothing is STALE before `late_at_least`.
    """

    interval: timedelta
    fresh_intervals: int
    late_intervals: int
    late_at_least: timedelta


class ConnectionCount(NamedTuple):
    kind: ConnectionKind
    health: ConnectionHealth
    connections: int


_LIST_FRESHNESS = f"""
WITH page AS (
  SELECT id
  FROM sellers
  WHERE is_active
    AND id > $1
  ORDER BY id
  LIMIT $2
), accounts AS (
  SELECT page.id AS seller_id,
         fb_connections.id,
         fb_connections.stats_synced_at AS synced_at,
         $3 - fb_connections.stats_synced_at AS age,
         fb_connections.spent_on >= ($3 AT TIME ZONE 'UTC')::date - {SPENDING_DAYS} AS spends,
         stats_stretch * $4::interval * $5::int AS fresh_for,
         greatest(stats_stretch * $4::interval * $6::int, $7::interval) AS late_for
  FROM page
  LEFT JOIN fb_connections ON fb_connections.seller_id = page.id
    AND fb_connections.kind = '{ConnectionKind.AD_ACCOUNT}'
    AND fb_connections.is_active
    AND fb_connections.health = '{ConnectionHealth.HEALTHY}'
)
SELECT seller_id,
       coalesce(spends, false) AS spends,
       extract(epoch FROM max(age))::float8 AS age,
       count(*) FILTER (WHERE age <= fresh_for) AS fresh,
       count(*) FILTER (WHERE age > fresh_for AND age <= late_for) AS late,
       count(*) FILTER (WHERE age > fresh_for AND age > late_for) AS stale,
       count(id) FILTER (WHERE synced_at IS NULL) AS never_synced
FROM accounts
GROUP BY 1, 2
ORDER BY 1, 2
"""

_COUNT_CONNECTIONS = """
SELECT fb_connections.kind, fb_connections.health, count(*) AS connections
FROM fb_connections
JOIN sellers ON sellers.id = fb_connections.seller_id
WHERE fb_connections.is_active
  AND sellers.is_active
GROUP BY fb_connections.kind, fb_connections.health
"""


async def list_freshness(
    driver: Driver,
    *,
    after: UUID,
    limit: int,
    now: datetime,
    pace: Pace,
) -> Sequence[SellerFreshness]:
    """One or two entries for each of the next `limit` active sellers, in the order of their ids; empty at the end."""
    return [SellerFreshness(*row) for row in await driver.fetch(_LIST_FRESHNESS, after, limit, now, *pace)]


async def count_connections(driver: Driver) -> Sequence[ConnectionCount]:
    """All active connections; what there is none of is left out."""
    rows = await driver.fetch(_COUNT_CONNECTIONS)
    return [ConnectionCount(ConnectionKind(kind), ConnectionHealth(health), number) for kind, health, number in rows]
