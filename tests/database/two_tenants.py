"""One row for each of two sellers in every table, built from what the tables themselves say; nothing is listed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    insert,
)
from sqlalchemy.dialects.postgresql import JSONB

from app import clock
from app.database.tables import Wall, metadata
from app.identifiers import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from sqlalchemy import Column, Table
    from sqlalchemy.ext.asyncio import AsyncEngine

Row = dict[str, Any]
Rows = dict[str, Row]

INSTANT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
_WORD = "IN ('"


def tables_behind(*walls: Wall) -> list[str]:
    """Names of the tables behind these walls, parents before their children."""
    return [table.name for table in metadata.sorted_tables if table.info.get("wall") in walls]


@dataclass(frozen=True)
class TwoTenants:
    """`a` and `b` are the sellers' ids; `rows` holds the row that each of them has in a table."""

    a: UUID
    b: UUID
    rows: Mapping[UUID, Rows]
    spare_user: Row  # who works for neither

    def another_row(self, seller: UUID, table: str) -> Row:
        """A row that this seller doesn't have yet, with the same parents."""
        row = build_row(metadata.tables[table], seller, {**self.rows[seller], "users": self.spare_user})
        return row | {name: value + ONE_DAY for name, value in row.items() if type(value) is date}


async def fill_with_two_tenants(engine: AsyncEngine) -> TwoTenants:
    """`engine` is the owner's, whom row-level security doesn't hold back."""
    sellers = new_id(), new_id()
    rows = {seller: _rows_of(seller) for seller in sellers}
    spare_user = build_row(metadata.tables["users"], sellers[0], {})
    async with engine.begin() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(insert(table), [rows[seller][table.name] for seller in sellers])
        await connection.execute(insert(metadata.tables["users"]), [spare_user])
    return TwoTenants(*sellers, rows, spare_user)


def _rows_of(seller: UUID) -> Rows:
    rows: Rows = {}
    for table in metadata.sorted_tables:
        rows[table.name] = build_row(table, seller, rows)
    rows["sellers"]["id"] = seller
    return rows


def build_row(table: Table, seller: UUID, parents: Rows) -> Row:
    """The least that the table accepts: every required column, every reference to a row of `parents`."""
    row: Row = {column.name: _value(table, column) for column in table.columns if not column.nullable}
    for key in table.foreign_key_constraints:
        if key.referred_table is not table:
            target = parents[key.referred_table.name]
            row |= {element.parent.name: target[element.column.name] for element in key.elements}
    if "seller_id" in table.columns:
        row["seller_id"] = seller
    return row


def _value(table: Table, column: Column[Any]) -> object:
    word = _first_word(table, column)
    if word:
        return word
    unique = new_id()
    values: dict[type, object] = {
        Uuid: unique,
        Text: f"{column.name}-{unique}",
        Boolean: True,
        BigInteger: 1,
        Integer: 1,
        SmallInteger: 1,
        Date: clock.now().date().replace(day=1),
        DateTime: INSTANT,
        JSONB: {},
        ARRAY: [],
        LargeBinary: unique.bytes,
    }
    return values[type(column.type)]


def _first_word(table: Table, column: Column[Any]) -> str | None:
    """The first of the words that a check allows in this column."""
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            name, found, words = str(constraint.sqltext).partition(f" {_WORD}")
            if found and name == column.name:
                return words.partition("'")[0]
    return None
