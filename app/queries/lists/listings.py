"""Lists: any kind of rows, filtered, ordered and paged by keyset, for the whole seller or under many parents at once.

This is the one way from a list's arguments to SQL. A `Listing` is a value: the same list is an equal value.
Orders that don't last from page to page are walked instead, see `app.queries.lists.walks`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, NamedTuple

from app.queries.lists.conditions import Condition, MoneyUse, without_metrics
from app.queries.lists.orders import MetricKey, Order
from app.queries.lists.selects import ROW, Select
from app.queries.lists.sources import Row, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from app.database.driver import Driver, Record
    from app.queries.lists.parameters import Parameters


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

    @property
    def measured(self) -> bool:
        """Whether numbers decide about its rows or their order."""
        return self.conditions != without_metrics(self.conditions) or any(
            isinstance(key, MetricKey) for key in self.order.keys
        )

    def money_argument(self, *, ordered: bool) -> str | None:
        """The client's argument that compares money: one of a condition or, when `ordered`, of a key; None: none."""
        comparing = (*self.conditions, *(self.order.keys if ordered else ()))
        return next((part.money_argument for part in comparing if part.money_argument), None)

    def money(self, *, ordered: bool) -> list[MoneyUse]:
        """Where its conditions and, when `ordered`, its keys make something of money."""
        return [use for part in (*self.conditions, *(self.order.keys if ordered else ())) for use in part.money]

    def without_metrics(self) -> Listing[Row]:
        """The rows that it would have if no number mattered."""
        return replace(self, conditions=without_metrics(self.conditions))


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
    listings: Sequence[Listing[Row]],
    window: Window,
    parameters: Parameters,
) -> list[Page[Row]]:
    """The same window of lists of one shape, by one statement."""
    text = _page_text(listings, window, parameters)
    records = await driver.fetch(text, *parameters.values)
    row = listings[0].source.row
    return [_page([row(*record) for record in records], window) for records in _by_parent(records, listings)]


async def count_rows(driver: Driver, listings: Sequence[Listing[Row]], parameters: Parameters) -> list[int]:
    """How many rows there are in lists of one shape, by one statement."""
    matching = matching_text(listings, parameters)
    text = parameters.complete("SELECT parent_id, count(*)\nFROM matching\nGROUP BY parent_id", matching=matching)
    counts = {record[0]: record[1] for record in await driver.fetch(text, *parameters.values)}
    return [counts.get(listing.parent and listing.parent.id, 0) for listing in listings]


async def list_account_ids(driver: Driver, listings: Sequence[Listing[Row]], parameters: Parameters) -> list[UUID]:
    """The ad accounts of all rows of lists of one shape."""
    text = select_matching(listings, parameters).text(f"DISTINCT {ROW}.account_id")
    return [record[0] for record in await driver.fetch(parameters.complete(text), *parameters.values)]


def matching_text(listings: Sequence[Listing[Row]], parameters: Parameters, *, also: str = "") -> str:
    """SELECT of parent_id (null without a parent), id, and `also`, of every row of lists of one shape."""
    select = select_matching(listings, parameters)
    return select.text(f"{parent_column(listings[0])} AS parent_id, {ROW}.id{also}")


def select_matching(listings: Sequence[Listing[Row]], parameters: Parameters) -> Select:
    """Every row of lists of one shape."""
    listing = listings[0]
    select = Select(listing.source, parameters)
    if listing.parent:
        select.where.append(f"{parent_column(listing)} = ANY({parameters.bind(_parent_ids(listings), 'uuid[]')})")
    select.add(listing.conditions)
    return select


def parent_column(listing: Listing[Row]) -> str:
    """SQL of what the rows of a list stand under; null for a list over the whole seller."""
    return listing.source.parent_column(listing.parent.name) if listing.parent else "NULL::uuid"


def _page_text(listings: Sequence[Listing[Row]], window: Window, parameters: Parameters) -> str:
    listing = listings[0]
    select = Select(listing.source, parameters)
    if listing.parent:
        select.where.append(f"{parent_column(listing)} = parent.id")
    select.add(listing.conditions)
    if window.position is not None:
        select.where.append(listing.order.after(window.position, parameters, backwards=window.backwards))
    page = select.text(
        listing.source.columns,
        f"ORDER BY {listing.order.write_columns(ROW, backwards=window.backwards)}",
        f"LIMIT {parameters.bind(window.size + 1, 'bigint')}",
    )
    if not listing.parent:
        return parameters.complete(page)
    return parameters.complete(
        f"""
        SELECT parent.id, page.*
        FROM unnest({parameters.bind(_parent_ids(listings), "uuid[]")}) AS parent (id)
        CROSS JOIN LATERAL ({page}
        ) AS page
        ORDER BY {listing.order.write_columns("page", backwards=window.backwards)}
        """
    )


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
