"""The three database roles. Their names are fixed; each installation chooses the passwords.

| role | used by | may |
|---|---|---|
| `pixecom_owner` | migrations only (`MIGRATION_DATABASE_URL`) | own the tables |
| `pixecom_app` | api and workers (`DATABASE_URL`) | read and write one tenant at a time, under row-level security |
| `pixecom_system` | api and workers (`SYSTEM_DATABASE_URL`) | list sellers, connections, memberships, logins |

None of them may be a superuser or have BYPASSRLS: `check_role` refuses to work behind a wall that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.errors import SetupError, WrongRoleError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

OWNER_ROLE = "pixecom_owner"
APP_ROLE = "pixecom_app"
SYSTEM_ROLE = "pixecom_system"

_ROLES = {"DATABASE_URL": APP_ROLE, "SYSTEM_DATABASE_URL": SYSTEM_ROLE}

_ROLE = text("""
SELECT r.rolname AS name,
       EXISTS (
           SELECT
           FROM pg_roles wanted
           WHERE wanted.rolname = :wanted
             AND pg_has_role(r.oid, wanted.oid, 'USAGE')
       ) AS is_wanted,
       r.rolsuper OR r.rolbypassrls AS above_the_wall,
       EXISTS (
           SELECT
           FROM pg_class c
           WHERE c.relname = 'ad_stats_daily'
             AND pg_has_role(r.oid, c.relowner, 'MEMBER')
       ) AS owner
FROM pg_roles r
WHERE r.rolname = current_user
""")


async def check_role(connection: AsyncConnection, *, setting: str) -> str:
    """Return the role's name.

    Raises SetupError when row-level security would not hold for it, and WrongRoleError when it is not the one that
    this setting (DATABASE_URL or SYSTEM_DATABASE_URL) must connect as, nor a member of it.
    """
    wanted = _ROLES[setting]
    role = (await connection.execute(_ROLE, {"wanted": wanted})).one()
    if role.above_the_wall or role.owner:
        message = (
            f"{setting} connects as a role that row-level security does not hold back "
            f"(superuser, BYPASSRLS, or owner of the tables). Use the role {APP_ROLE} or {SYSTEM_ROLE}."
        )
        raise SetupError(message)
    if not role.is_wanted:
        swapped = " Are DATABASE_URL and SYSTEM_DATABASE_URL swapped?" if role.name in _ROLES.values() else ""
        raise WrongRoleError(f"{setting} connects as {role.name} and must connect as {wanted}.{swapped}")
    return role.name
