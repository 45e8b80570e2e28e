"""The user and the seller of a request. The only place that defines what makes a user a member.

Row-level security shows a transaction one user's row at a time: that of `app.user_id`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.database.driver import Driver


class ViewerRow(NamedTuple):
    """A member, and the seller. `role` is what the membership says now."""

    user_id: UUID
    user_name: str
    role: str
    seller_id: UUID
    seller_slug: str
    seller_name: str
    time_zone: str
    currency: str


# A role unknown to this release grants nothing.
_ROLES = ", ".join(f"'{role}'" for role in Role)

_MEMBER = f"""
FROM memberships AS m
JOIN users AS u ON u.id = m.user_id
JOIN sellers AS s ON s.id = m.seller_id
WHERE m.seller_id = {{seller_id}}
  AND m.user_id = {{user_id}}
  AND m.role IN ({_ROLES})
  AND u.is_active
  AND s.is_active
"""

_FIND_VIEWER = f"""
SELECT u.id, u.name, m.role, s.id, s.slug, s.name, s.time_zone, s.currency
{_MEMBER.format(seller_id="$1", user_id="$2")}
"""

_LIST_MEMBERS = """
DO $block$
DECLARE
  wanted uuid;
  found text := '';
BEGIN
  FOREACH wanted IN ARRAY '{{{user_ids}}}'::uuid[] LOOP
    PERFORM set_config('app.user_id', wanted::text, true);
    IF EXISTS (SELECT {member}) THEN
      found := found || ' ' || wanted;
    END IF;
  END LOOP;
  PERFORM set_config('app.user_id', '', true);
  PERFORM set_config('app.members', found, true);
END
$block$
"""


def membership_proof(seller_id: UUID, user_id: UUID) -> str:
    """A statement without parameters that finds one row for a member and none for anyone else."""
    return "SELECT " + _MEMBER.format(seller_id=_literal(seller_id), user_id=_literal(user_id))


async def find_viewer(driver: Driver, seller_id: UUID, user_id: UUID) -> ViewerRow | None:
    """The user as a member of the seller, in a transaction that sees the user's row; None for anyone else."""
    record = await driver.fetchrow(_FIND_VIEWER, seller_id, user_id)
    return None if record is None else ViewerRow(*record)


async def list_members(driver: Driver, seller_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
    """The given users who are members of the seller; two statements for any number of users."""
    member = _MEMBER.format(seller_id=_literal(seller_id), user_id="wanted")
    await driver.execute(_LIST_MEMBERS.format(user_ids=",".join(map(str, user_ids)), member=member))
    found: str = await driver.fetchval("SELECT current_setting('app.members')")
    return {UUID(user_id) for user_id in found.split()}


def _literal(identifier: UUID) -> str:
    return f"'{identifier}'"
