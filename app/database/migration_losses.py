"""What a downgrade would delete: tables and columns, read from its own statements, and how many rows they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from app.database.connecting import open_line
from app.database.migration import downgrade_statements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import SecretStr
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["Loss", "list_losses"]

FEW_ROWS = 100_000
"""Above this, rows are not counted one by one: the server's own estimate is good enough."""

_DROPPED_TABLE = re.compile(r"^DROP TABLE (?:IF EXISTS )?(\w+)", re.MULTILINE)
_DROPPED_COLUMN = re.compile(r"^ALTER TABLE (\w+) DROP COLUMN (\w+)", re.MULTILINE)
_DELETED_FROM = re.compile(r"^DELETE FROM (\w+)", re.MULTILINE)
_ESTIMATE = text("""
SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint
FROM pg_class
WHERE oid = to_regclass(:table)
   OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(:table))
""")


@dataclass(frozen=True, slots=True)
class Loss:
    """A table that is dropped, or columns or rows of one that stays; `rows` is how many it has now."""

    table: str
    rows: int
    columns: tuple[str, ...] = ()
    whole: bool = False
    is_estimate: bool = False


async def list_losses(owner_url: SecretStr, revision: str) -> list[Loss]:
    """Sorted by table name; empty if no migration has been applied."""
    engine = open_line(owner_url.get_secret_value())
    try:
        async with engine.connect() as connection:
            current = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
            return await _losses(connection, downgrade_statements(current, revision)) if current else []
    finally:
        await engine.dispose()


async def _losses(connection: AsyncConnection, statements: str) -> list[Loss]:
    tables = set(_DROPPED_TABLE.findall(statements)) - {"alembic_version"}
    columns = _by_table(_DROPPED_COLUMN.findall(statements))
    touched = columns.keys() | (set(_DELETED_FROM.findall(statements)) - {"alembic_version"})
    losses = [await _loss(connection, table, whole=True) for table in tables]
    losses += [await _loss(connection, table, columns=columns.get(table, ())) for table in touched - tables]
    return sorted(losses, key=lambda loss: loss.table)


def _by_table(dropped: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for table, column in dropped:
        found[table] = (*found.get(table, ()), column)
    return found


async def _loss(connection: AsyncConnection, table: str, *, columns: tuple[str, ...] = (), whole: bool = False) -> Loss:
    estimate: int = await connection.scalar(_ESTIMATE, {"table": table}) or 0
    if estimate > FEW_ROWS:
        return Loss(table, estimate, columns, whole, is_estimate=True)
    counted = text(f"SELECT count(*) FROM (SELECT FROM {table} LIMIT {FEW_ROWS + 1}) AS counted")  # noqa: S608  # the table's name is ours
    rows: int = await connection.scalar(counted) or 0
    return Loss(table, rows, columns, whole, is_estimate=rows > FEW_ROWS)
