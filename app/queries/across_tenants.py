"""The few lists that are read across tenants, as the system role. Nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver


class AccountRef(NamedTuple):
    """An ad account that background work is done for."""

    seller_id: UUID
    connection_id: UUID
    time_zone: str


class SellerRef(NamedTuple):
    """A seller, by name."""

    seller_id: UUID
    slug: str
    name: str


class MembershipRef(NamedTuple):
    """A seller that a user may work for."""

    seller_id: UUID
    slug: str
    role: Role


_LIST_ACCOUNTS = """
SELECT fb_connections.seller_id, fb_connections.id, fb_connections.time_zone
FROM fb_connections
JOIN sellers ON sellers.id = fb_connections.seller_id
WHERE fb_connections.kind = 'AD_ACCOUNT'
  AND fb_connections.is_active
  AND fb_connections.health = 'HEALTHY'
  AND sellers.is_active
  AND (fb_connections.seller_id, fb_connections.id) > ($1, $2)
ORDER BY fb_connections.seller_id, fb_connections.id
LIMIT $3
"""


async def list_working_accounts(driver: Driver, *, after: AccountRef, limit: int) -> Sequence[AccountRef]:
    """A page of all active, healthy ad accounts of active sellers, in the order of (seller, connection)."""
    rows = await driver.fetch(_LIST_ACCOUNTS, after.seller_id, after.connection_id, limit)
    return [AccountRef(*row) for row in rows]


_FIND_SELLER = """
SELECT id, slug, name
FROM sellers
WHERE slug = $1
"""

_LIST_SELLERS = """
SELECT id, slug, name
FROM sellers
WHERE is_active
ORDER BY created_at, id
"""


async def find_seller(driver: Driver, *, slug: str) -> SellerRef | None:
    """The seller with this slug."""
    row = await driver.fetchrow(_FIND_SELLER, slug)
    return SellerRef(*row) if row else None


async def list_sellers(driver: Driver) -> Sequence[SellerRef]:
    """All active sellers, oldest first."""
    return [SellerRef(*row) for row in await driver.fetch(_LIST_SELLERS)]


_SELLER_PAGE = """
SELECT id, slug, name
FROM sellers
WHERE id > $1
ORDER BY id
LIMIT $2
"""


async def list_seller_page(driver: Driver, *, after: UUID, limit: int) -> Sequence[SellerRef]:
    """A page of all sellers, inactive ones too, in the order of their ids."""
    return [SellerRef(*row) for row in await driver.fetch(_SELLER_PAGE, after, limit)]


_LIST_MEMBERSHIPS = """
SELECT memberships.seller_id, sellers.slug, memberships.role
FROM memberships
JOIN sellers ON sellers.id = memberships.seller_id
WHERE memberships.user_id = $1
  AND sellers.is_active
ORDER BY memberships.created_at, memberships.seller_id
"""


async def list_memberships(driver: Driver, *, user_id: UUID) -> Sequence[MembershipRef]:
    """The sellers that this user may work for, the oldest membership first."""
    rows = await driver.fetch(_LIST_MEMBERSHIPS, user_id)
    return [MembershipRef(row["seller_id"], row["slug"], Role(row["role"])) for row in rows]
