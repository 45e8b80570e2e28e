"""Lists: any kind of rows, filtered, ordered and paged by keyset, for the whole seller or under many parents at once.

This is the one way from a list's arguments to SQL. A `Listing` is a value: the same list is an equal value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple
from uuid import UUID  # noqa: TC003  # a NamedTuple of it is made at run time

from app.queries.clauses import ROW, Condition, Order, Parameters
from app.queries.sources import Row, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.database.driver import Driver, Record


class Parent(NamedTuple):
    """What a list stands under; `name` is one of its source's `parents`."""

    name: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """Which rows in which order; `parent` is None for a list over the whole seller."""

    source: Source[Row]
    conditions: tuple[Condition, ...]
    order: Order
    parent: Parent | None = None

    @property
    def shape(self) -> tuple[object, ...]:
        """What lists must share to be read by one statement: everything but which parent."""
        return self.source.name, self.conditions, self.order, self.parent and self.parent.name


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list: `size` rows from its start, or from its end, or next to a position (never including it)."""

    size: int
    backwards: bool = False
    position: tuple[object, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in the list's order, and whether there are more on either side."""

    rows: tuple[Row, ...]
    has_next: bool
    has_previous: bool


async def list_pages(
    driver: Driver,
    seller_id: UUID,
    listings: Sequence[Listing[Row]],
    window: Window,
) -> list[Page[Row]]:
    """The same window of lists of one shape, by one statement."""
    parameters = Parameters(seller_id)
    text = _page_text(listings, window, parameters)
    records = await driver.fetch(text, *parameters.values)
    row = listings[0].source.row
    return [_page([row(*record) for record in records], window) for records in _by_parent(records, listings)]


async def count_rows(driver: Driver, seller_id: UUID, listings: Sequence[Listing[Row]]) -> list[int]:
    """How many rows there are in lists of one shape, by one statement."""
    parameters = Parameters(seller_id)
    text = f"""
        WITH matching AS ({matching_text(listings, parameters)})
        SELECT parent_id, count(*) AS rows
        FROM matching
        GROUP BY parent_id
        """  # noqa: S608  # pieces of ours; values are parameters
    counts = {record[0]: record[1] for record in await driver.fetch(text, *parameters.values)}
    return [counts.get(listing.parent and listing.parent.id, 0) for listing in listings]


def matching_text(listings: Sequence[Listing[Row]], parameters: Parameters, *, also: str = "") -> str:
    """SELECT of parent_id (null without a parent), id, and `also`, of every row of lists of one shape."""
    listing = listings[0]
    parent = _parent_column(listing)
    where = [*_conditions(listing, parameters)]
    if parent:
        where.append(f"{parent} = ANY({parameters.bind(_parent_ids(listings), 'uuid[]')})")
    return f"""
        SELECT {parent or "NULL::uuid"} AS parent_id, {ROW}.id{also}
        FROM {listing.source.table}
        WHERE {_all_of(where)}
        """  # noqa: S608  # pieces of ours; values are parameters


def _page_text(listings: Sequence[Listing[Row]], window: Window, parameters: Parameters) -> str:
    listing = listings[0]
    where = _conditions(listing, parameters)
    parent = _parent_column(listing)
    if parent:
        where.append(f"{parent} = parent.id")
    if window.position is not None:
        where.append(listing.order.after(window.position, parameters, backwards=window.backwards))
    page = f"""
        SELECT {listing.source.columns}
        FROM {listing.source.table}
        WHERE {_all_of(where)}
        ORDER BY {listing.order.write(ROW, backwards=window.backwards)}
        LIMIT {parameters.bind(window.size + 1, "bigint")}"""  # noqa: S608  # pieces of ours; values are parameters
    if not parent:
        return page
    return f"""
        SELECT parent.id, page.*
        FROM unnest({parameters.bind(_parent_ids(listings), "uuid[]")}) AS parent (id)
        CROSS JOIN LATERAL ({page}
        ) AS page
        ORDER BY {listing.order.write("page", backwards=window.backwards)}
        """  # noqa: S608  # pieces of ours; values are parameters


def _conditions(listing: Listing[Row], parameters: Parameters) -> list[str]:
    chosen = [condition.write(parameters) for condition in listing.conditions]
    return [f"{ROW}.seller_id = $1", listing.source.only, *chosen]


def _all_of(conditions: Iterable[str]) -> str:
    return "\n          AND ".join(conditions)


def _parent_column(listing: Listing[Row]) -> str | None:
    return listing.source.parent_column(listing.parent.name) if listing.parent else None


def _parent_ids(listings: Iterable[Listing[Row]]) -> list[UUID]:
    return [listing.parent.id for listing in listings if listing.parent]


def _by_parent(records: Sequence[Record], listings: Sequence[Listing[Row]]) -> Iterable[Sequence[Sequence[object]]]:
    if listings[0].parent is None:
        rows = [tuple(record) for record in records]
        return [rows for _ in listings]
    found: dict[UUID, list[Sequence[object]]] = {parent: [] for parent in _parent_ids(listings)}
    for record in records:
        parent, *columns = record
        found[parent].append(columns)
    return [found[parent] for parent in _parent_ids(listings)]


def _page(rows: list[Row], window: Window) -> Page[Row]:
    """Cut the row that only told whether there are more, and restore the list's order."""
    more, rest = len(rows) > window.size, window.position is not None
    kept = tuple(rows[: window.size])
    if window.backwards:
        return Page(kept[::-1], has_next=rest, has_previous=more)
    return Page(kept, has_next=more, has_previous=rest)
