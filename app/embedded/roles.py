"""The three roles of the product and its database, on a server where we are superuser.

What each role may do with tables is the migrations' business; here it only gets in. Never used on a server of others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.embedded.passwords import GeneratedSecrets
    from app.embedded.session import Session

DATABASE = "pixecom"
SUPERUSER = "postgres"
OWNER, APP, SYSTEM = "pixecom_owner", "pixecom_app", "pixecom_system"


async def ensure_roles(session: Session, secrets: GeneratedSecrets) -> None:
    """Create what is missing, and set the passwords of this installation."""
    passwords = {OWNER: secrets.owner_password, APP: secrets.app_password, SYSTEM: secrets.system_password}
    for role, password in passwords.items():
        if not await session.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
            await session.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
            await session.execute(f"ALTER ROLE {role} PASSWORD {_literal(password)}")
    for database in ("postgres", "template1"):
        await session.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")


async def ensure_database(session: Session, name: str = DATABASE) -> None:
    """Create it where it is missing."""
    if not await session.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        await create_database(session, name)


async def create_database(
    session: Session, name: str, *, template: str = "template1", strategy: str = "WAL_LOG"
) -> None:
    """A database of the owner that only the three roles can enter."""
    await session.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY {strategy}")
    await session.execute(
        f"""
        REVOKE ALL ON DATABASE {name} FROM PUBLIC;
        GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {APP};
        GRANT CONNECT ON DATABASE {name} TO {SYSTEM};
        """
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
