"""A whole list, row by row: entities with the names of what they belong to, read through a cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.metrics.levels import Level
from app.queries.lists.entities import PARENT_COLUMNS, TABLES, EntityRow
from app.queries.lists.listings import Listing, select_matching
from app.queries.lists.selects import ROW

if TYPE_CHECKING:
    from app.database.driver import Cursor, Driver
    from app.queries.lists.parameters import Parameters


class ExportedEntity(NamedTuple):
    """An entity, and the names of its account and parents; None for a parent that its level does not have."""

    row: EntityRow
    account_name: str
    campaign_name: str | None
    adset_name: str | None


class EntityCursor:
    """The entities of a list in its order, some at a time."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    async def fetch(self, count: int) -> list[ExportedEntity]:
        """The next ones, at most `count`; none at the end."""
        width = len(EntityRow._fields)
        records = map(tuple, await self._cursor.fetch(count))
        return [ExportedEntity(EntityRow(*record[:width]), *record[width:]) for record in records]


async def open_cursor(driver: Driver, listing: Listing[EntityRow], parameters: Parameters) -> EntityCursor:
    """Run the list; it lasts as long as the transaction."""
    select = select_matching([listing], parameters)
    order = listing.order.write(select)
    names = (
        _name_of("fb_connections", f"{ROW}.account_id"),
        *(_parent_name(listing.source.measured_level, parent) for parent in (Level.CAMPAIGN, Level.ADSET)),
    )
    text = select.text(", ".join((listing.source.columns, *names)), f"ORDER BY {order}")
    return EntityCursor(await driver.cursor(parameters.complete(text), *parameters.values))


def _parent_name(level: Level, parent: Level) -> str:
    return _name_of(TABLES[parent].name, PARENT_COLUMNS[parent.name]) if parent < level else "NULL::text"


def _name_of(table: str, column: str) -> str:
    return f"(SELECT named.name FROM {table} AS named WHERE named.seller_id = $1 AND named.id = {column})"
