"""The few lists that are read across tenants, as the system role. Nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.database.driver import Driver


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
