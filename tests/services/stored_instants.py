"""Every instant that is stored, of every table and tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.database.tables import metadata

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase

# What is meant to come: the next try, the end of a lease, a pause or a life, and what the platform plans.
_PLANNED = {"run_at", "lease_until", "paused_until", "expires_at", "token_expires_at", "starts_at", "ends_at"}


async def list_future_instants(database: ThrowawayDatabase) -> dict[str, int]:
    """By `table.column`: how many rows say something of a time that has not come yet."""
    engine = create_async_engine(database.superuser_url)
    found: dict[str, int] = {}
    try:
        async with engine.connect() as connection:
            for table in metadata.sorted_tables:
                for column in table.columns:
                    kind: Any = column.type
                    if isinstance(kind, DateTime) and column.name not in _PLANNED:
                        ahead = text(f"SELECT count(*) FROM {table.name} WHERE {column.name} > now()")
                        found[f"{table.name}.{column.name}"] = await connection.scalar(ahead) or 0
    finally:
        await engine.dispose()
    return {name: rows for name, rows in found.items() if rows}
