"""Ad accounts of which the platform does not list everything, by the warnings of the jobs that asked it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.vocabulary import Subject

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection

_HAS_UNREAD_LISTING = """
SELECT EXISTS (
  SELECT FROM sync_warnings
  WHERE seller_id = $1
    AND connection_id = $2
    AND (subject = $3 OR sentence = ANY($4::text[]))
)
"""


async def has_unread_listing(driver: Driver, connection: Connection, *, left_out: Collection[str]) -> bool:
    """Whether the account may have more campaigns, ad sets or ads than are known of it.

    `left_out`: the sentences that say so of what is listed and could not be placed.
    """
    return await driver.fetchval(
        _HAS_UNREAD_LISTING, connection.seller_id, connection.id, Subject.LISTING, list(left_out)
    )
