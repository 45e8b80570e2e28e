"""Sellers with what they have connected, as the schedule needs to know it: a page of sellers, or one of them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from app.vocabulary import ConnectionKind, ProviderKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver, Record


class ConnectionRef(NamedTuple):
    """An ad account or a page. `is_usable`: it is active and the platform accepts it.

    `history_asked_at`: when an account's history was asked for; until then, when it was connected.
    """

    connection_id: UUID
    kind: ConnectionKind
    provider: ProviderKind
    time_zone: str
    is_active: bool
    is_usable: bool
    spent_on: date | None
    stats_stretch: int
    closed_through: date | None
    history_asked_at: datetime


class SellerConnections(NamedTuple):
    """A seller and its ad accounts and pages, in the order of their ids."""

    seller_id: UUID
    connections: tuple[ConnectionRef, ...]

    @property
    def accounts(self) -> tuple[ConnectionRef, ...]:
        """The ad accounts, working or not."""
        return tuple(one for one in self.connections if one.kind is ConnectionKind.AD_ACCOUNT)


_COLUMNS = """connections.id, connections.kind, connections.provider, connections.time_zone, connections.is_active,
       connections.is_active AND connections.health = 'HEALTHY' AS is_usable,
       connections.spent_on, connections.stats_stretch, connections.closed_through,
       coalesce(connections.backfill_requested_at, connections.created_at) AS history_asked_at"""

_PAGE = f"""
WITH page AS (
  SELECT id
  FROM sellers
  WHERE is_active
    AND id > $1
  ORDER BY id
  LIMIT $2
)
SELECT page.id AS seller_id, {_COLUMNS}
FROM page
LEFT JOIN fb_connections AS connections ON connections.seller_id = page.id
                                       AND connections.kind IN ('AD_ACCOUNT', 'PAGE')
ORDER BY page.id, connections.id
"""

_OF_SELLER = f"""
SELECT connections.seller_id, {_COLUMNS}
FROM fb_connections AS connections
WHERE connections.seller_id = $1
  AND connections.kind IN ('AD_ACCOUNT', 'PAGE')
ORDER BY connections.id
"""


async def list_seller_connections(driver: Driver, *, after: UUID, limit: int) -> Sequence[SellerConnections]:
    """A page of active sellers in the order of their ids, those without connections too; as the system role."""
    rows = await driver.fetch(_PAGE, after, limit)
    return [
        SellerConnections(seller_id, tuple(_connection(row) for row in of_seller if row["id"] is not None))
        for seller_id, of_seller in groupby(rows, key=lambda row: row["seller_id"])
    ]


async def find_seller_connections(driver: Driver, seller_id: UUID) -> SellerConnections:
    """One seller's, as that seller."""
    rows = await driver.fetch(_OF_SELLER, seller_id)
    return SellerConnections(seller_id, tuple(_connection(row) for row in rows))


def _connection(row: Record) -> ConnectionRef:
    return ConnectionRef(
        connection_id=row["id"],
        kind=ConnectionKind(row["kind"]),
        provider=ProviderKind(row["provider"]),
        time_zone=row["time_zone"],
        is_active=row["is_active"],
        is_usable=row["is_usable"],
        spent_on=row["spent_on"],
        stats_stretch=row["stats_stretch"],
        closed_through=row["closed_through"],
        history_asked_at=row["history_asked_at"],
    )
