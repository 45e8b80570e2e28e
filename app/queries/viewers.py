"""Who is asking: the user, and the seller that the request works for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID  # noqa: TC003  # a NamedTuple of it is made at run time

from app.database.transactions import act_as_user

if TYPE_CHECKING:
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


async def find_viewer(driver: Driver, seller_id: UUID, user_id: UUID) -> ViewerRow | None:
    """The user as a member of the seller; None once either is deactivated or the membership is gone."""
    await act_as_user(driver, user_id)
    record = await driver.fetchrow(
        """
        SELECT u.id, u.name, m.role, s.id, s.slug, s.name, s.time_zone, s.currency
        FROM memberships AS m
        JOIN users AS u ON u.id = m.user_id
        JOIN sellers AS s ON s.id = m.seller_id
        WHERE m.seller_id = $1
          AND m.user_id = $2
          AND u.is_active
          AND s.is_active
        """,
        seller_id,
        user_id,
    )
    return None if record is None else ViewerRow(*record)
