"""Whether the schema in the database is at least the one that this release needs."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import asyncpg

from app.database.roles import APP_ROLE
from app.database.transactions import work_transaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

REVISION_DIGITS = 4
_MISSING = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError)
READABLE_FROM = "0006"
"""The revision from which on the app role may read the schema's own."""

# Null: there is no schema.
_MAY_READ = """
SELECT current_user::text, has_table_privilege(to_regclass('alembic_version'), 'SELECT')
"""


@lru_cache(maxsize=1)
def known_revisions() -> tuple[str, ...]:
    """The revisions that this release ships, oldest first; the names of their files begin with them."""
    names = (path.name for path in (files("migrations") / "versions").iterdir())
    return tuple(sorted(name[:REVISION_DIGITS] for name in names if name[:REVISION_DIGITS].isdecimal()))


def is_of_another_schema(error: BaseException) -> bool:
    """Whether a statement names what the schema doesn't have, as on one that is older than this release."""
    return isinstance(error, _MISSING)


def _refused(role: str) -> str:
    if role != APP_ROLE:
        return f"{role} may not read the schema's revision: DATABASE_URL must connect as {APP_ROLE}"
    return (
        f"{role} may not read the schema's revision, as it may from revision {READABLE_FROM} on: run `pixecom migrate`"
    )


async def check_revision(engine: AsyncEngine) -> str:
    """For health checks: ok, or what is wrong. Raises the driver's error if the database is away.

    A revision that this release does not know is of a later one: while apis are upgraded one after another, the ones
    that still run the earlier release stay ready.
    """
    needed = known_revisions()[-1]
    async with work_transaction(engine) as driver:
        role, may_read = await driver.fetchrow(_MAY_READ) or ("", None)
        if may_read is False:
            return _refused(role)
        found = await driver.fetchval("SELECT version_num FROM alembic_version") if may_read else None
    if found == needed or found not in {None, *known_revisions()}:
        return "ok"
    return f"the schema is older than revision {needed}, which this release needs: run `pixecom migrate`"
