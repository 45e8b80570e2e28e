"""The whole order of a list at one moment, as ids: what a walk through its pages is pinned to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from app.queries.lists.listings import Listing, parent_column, select_matching
from app.queries.lists.selects import ROW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.database.driver import Driver
    from app.queries.lists.parameters import Parameters
    from app.queries.lists.sources import Row

ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Walk:
    """The ids of all rows of a list in its order, 16 bytes each."""

    ids: bytes

    def __len__(self) -> int:
        return len(self.ids) // ID_BYTES


def read_ids(ids: bytes) -> list[UUID]:
    """The ids of a part of a walk."""
    return [UUID(bytes=ids[start : start + ID_BYTES]) for start in range(0, len(ids), ID_BYTES)]


async def list_walks(driver: Driver, listings: Sequence[Listing[Row]], parameters: Parameters) -> list[Walk]:
    """The orders of lists of one shape, by one statement."""
    listing = listings[0]
    select = select_matching(listings, parameters)
    parent = parent_column(listing)
    ids = f"string_agg(uuid_send({ROW}.id), ''::bytea ORDER BY {listing.order.write(select)})"
    grouped = (f"GROUP BY {parent}",) if listing.parent else ()
    text = parameters.complete(select.text(f"{parent} AS parent_id, {ids}", *grouped))
    found = {record[0]: record[1] for record in await driver.fetch(text, *parameters.values)}
    return [Walk(found.get(listing.parent and listing.parent.id) or b"") for listing in listings]
