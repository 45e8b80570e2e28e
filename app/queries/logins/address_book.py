"""Who logs in: the address book of logins, and the owner of a seller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.database.transactions import act_as_user
from app.queries.across_tenants import MembershipRef
from app.vocabulary import Role

if TYPE_CHECKING:
    from datetime import datetime

    from app.database.driver import Driver


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What is needed to check a password."""

    user_id: UUID
    password_hash: str = field(repr=False)
    is_active: bool


class Owner(NamedTuple):
    """A user and the membership that makes them an owner."""

    user_id: UUID
    membership: MembershipRef


_FIND_USER_ID = """
SELECT user_id
FROM login_emails
WHERE email = $1
"""

_FIND_USER = """
SELECT id, password_hash, is_active
FROM users
WHERE id = $1
"""


# The id of no user: what is asked for an address without one takes as long.
NOBODY = UUID(int=0)


async def find_login(driver: Driver, email: str) -> Login | None:
    """The login with this address (in lower case), in a transaction opened for that address.

    Runs the same statements whether or not the address exists, so that timing reveals nothing.
    """
    user_id = await driver.fetchval(_FIND_USER_ID, email) or NOBODY
    await act_as_user(driver, user_id)
    row = await driver.fetchrow(_FIND_USER, user_id)
    if row is None:
        return None
    return Login(user_id=row["id"], password_hash=row["password_hash"], is_active=row["is_active"])


_FIND_OWNER = """
SELECT memberships.user_id, memberships.seller_id, sellers.slug, memberships.role
FROM memberships
JOIN sellers ON sellers.id = memberships.seller_id
WHERE memberships.seller_id = $1
  AND memberships.role = 'OWNER'
ORDER BY memberships.created_at
LIMIT 1
"""


async def find_owner(driver: Driver, seller_id: UUID) -> Owner | None:
    """The seller's first owner, as the system role sees it."""
    row = await driver.fetchrow(_FIND_OWNER, seller_id)
    if row is None:
        return None
    return Owner(row["user_id"], MembershipRef(row["seller_id"], row["slug"], Role(row["role"])))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A person with a login; `email` in lower case."""

    id: UUID
    email: str
    name: str
    password_hash: str = field(repr=False)


_INSERT_USER = """
INSERT INTO users (id, name, password_hash, is_superadmin, is_active, created_at, updated_at)
VALUES ($1, $2, $3, false, true, $4, $4)
"""

_INSERT_EMAIL = """
INSERT INTO login_emails (email, user_id)
VALUES ($1, $2)
"""

_INSERT_MEMBERSHIP = """
INSERT INTO memberships (seller_id, user_id, role, created_at)
VALUES ($1, $2, $3, $4)
"""


async def insert_user(driver: Driver, user: NewUser, *, now: datetime) -> None:
    """Store a user and its address, in a transaction opened for that address."""
    await act_as_user(driver, user.id)
    await driver.execute(_INSERT_USER, user.id, user.name, user.password_hash, now)
    await driver.execute(_INSERT_EMAIL, user.email, user.id)


async def insert_membership(driver: Driver, *, seller_id: UUID, user_id: UUID, role: Role, now: datetime) -> None:
    """Let a user work for a seller."""
    await driver.execute(_INSERT_MEMBERSHIP, seller_id, user_id, role, now)
