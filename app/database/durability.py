"""Whether the server keeps what it has confirmed: `synchronous_commit`, as the connections of a URL have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app.database.connecting import open_line

if TYPE_CHECKING:
    from pydantic import SecretStr

_QUESTION = text(
    "SELECT setting, source, current_user, current_database() FROM pg_settings WHERE name = 'synchronous_commit'"
)


class Durability(NamedTuple):
    """`source` says where the setting comes from, in the words of pg_settings."""

    setting: str
    source: str
    role: str
    database: str


async def get_durability(url: SecretStr) -> Durability:
    """Ask the server over a connection of its own."""
    engine = open_line(url.get_secret_value())
    try:
        async with engine.connect() as connection:
            return Durability(*(await connection.execute(_QUESTION)).one())
    finally:
        await engine.dispose()
