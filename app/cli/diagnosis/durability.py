"""Whether Postgres keeps what it has confirmed: otherwise a job may stay done whose rows are forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.failures.reachability import require_database
from app.database.durability import get_durability
from app.errors import SetupError

if TYPE_CHECKING:
    from pydantic import SecretStr

# Where the setting comes from, as pg_settings says, and what takes it back there.
_REMEDIES = {
    "user": 'ALTER ROLE "{role}" RESET synchronous_commit',
    "database": 'ALTER DATABASE "{database}" RESET synchronous_commit',
    "database user": 'ALTER ROLE "{role}" IN DATABASE "{database}" RESET synchronous_commit',
    "client": "take it out of DATABASE_URL and of PGOPTIONS",
}
_OF_THE_SERVER = "ALTER SYSTEM SET synchronous_commit = on; SELECT pg_reload_conf()"


async def examine_durability(url: SecretStr) -> str:
    """What was found; raises SetupError, with the remedy, where a confirmed commit may be forgotten."""
    await require_database("DATABASE_URL", url.get_secret_value())
    found = await get_durability(url)
    if found.setting != "off":
        return f"synchronous_commit is {found.setting}"
    remedy = _REMEDIES.get(found.source, _OF_THE_SERVER).format(role=found.role, database=found.database)
    raise SetupError(
        "synchronous_commit is off: when Postgres crashes it may forget a commit that it has confirmed, and a job stay "
        f"done whose rows are gone. Turn it on: {remedy}; then restart our processes."
    )
