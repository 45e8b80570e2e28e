"""Where rows of one kind come from, and the plain ways to get them: by id, whatever their table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from app.queries.lists.selects import ROW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from sqlalchemy import Table

    from app.database.driver import Driver
    from app.metrics.levels import Level


class Identified(Protocol):
    """A row that has an id."""

    @property
    def id(self) -> UUID: ...


Row = TypeVar("Row", bound=Identified)


@dataclass(frozen=True, slots=True)
class Source(Generic[Row]):
    """One kind of rows: a table (called `e`), what is selected of it, and the tuple that a row becomes.

    `parents` maps the name of a parent to the column that points at it; `only` narrows the table to this kind;
    `level` is that of the statistics that are kept of it.
    """

    name: str
    columns: str
    row: Callable[..., Row]
    table: str
    parents: tuple[tuple[str, str], ...] = ()
    only: str = "TRUE"
    level: Level | None = None

    @property
    def measured_level(self) -> Level:
        if self.level is None:
            raise LookupError(f"no statistics are kept of {self.name}")
        return self.level

    def parent_column(self, parent: str) -> str:
        return dict(self.parents)[parent]


def columns_of(row: type[NamedTuple], table: Table) -> str:
    """The SELECT list for a tuple; a field that this table has no column for is NULL."""
    return ", ".join(f"{ROW}.{name}" if name in table.c else f"NULL AS {name}" for name in row._fields)


async def load_rows(driver: Driver, seller_id: UUID, source: Source[Row], ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Those of the ids that are rows of this seller."""
    records = await driver.fetch(
        f"""
        SELECT {source.columns}
        FROM {source.table}
        WHERE {ROW}.seller_id = $1
          AND {source.only}
          AND {ROW}.id = ANY($2::uuid[])
        """,
        seller_id,
        ids,
    )
    return {row.id: row for row in (source.row(*record) for record in records)}
