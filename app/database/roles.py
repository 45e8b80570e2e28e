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

from app.errors import UnsafeRoleError, WrongRoleError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.database.driver import Driver

OWNER_ROLE = "pixecom_owner"
APP_ROLE = "pixecom_app"
SYSTEM_ROLE = "pixecom_system"

_ROLES = {"DATABASE_URL": APP_ROLE, "SYSTEM_DATABASE_URL": SYSTEM_ROLE}

_ROLE = f"""
SELECT r.rolname AS name,
       r.rolsuper OR r.rolbypassrls AS above_the_wall,
       EXISTS (
           SELECT
           FROM pg_class c
           WHERE c.relname = 'ad_stats_daily'
             AND pg_has_role(r.oid, c.relowner, 'MEMBER')
       ) OR EXISTS (
           SELECT
           FROM pg_roles o
           WHERE o.rolname = '{OWNER_ROLE}'
             AND pg_has_role(r.oid, o.oid, 'MEMBER')
       ) AS owner
FROM pg_roles r
WHERE r.rolname = current_user
"""  # noqa: S608  # the name is ours
_IS_MEMBER = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :wanted AND pg_has_role(oid, 'USAGE'))")


async def check_role(connection: AsyncConnection, *, setting: str) -> str:
    """Return the role's name.

    Raises UnsafeRoleError when row-level security would not hold for it, and WrongRoleError when it is not the one
    that this setting (DATABASE_URL or SYSTEM_DATABASE_URL) must connect as, nor a member of it.
    """
    wanted = _ROLES[setting]
    role = (await connection.execute(text(_ROLE))).one()
    _refuse(setting, is_unsafe=role.above_the_wall or role.owner)
    if not (await connection.execute(_IS_MEMBER, {"wanted": wanted})).scalar_one():
        swapped = " Are DATABASE_URL and SYSTEM_DATABASE_URL swapped?" if role.name in _ROLES.values() else ""
        raise WrongRoleError(f"{setting} connects as {role.name} and must connect as {wanted}.{swapped}")
    return role.name


async def check_driver_role(driver: Driver, *, setting: str) -> None:
    """Raise UnsafeRoleError for a connection of the driver that row-level security does not hold back."""
    role = await driver.fetchrow(_ROLE)
    _refuse(setting, is_unsafe=role is None or role["above_the_wall"] or role["owner"])


def _refuse(setting: str, *, is_unsafe: bool) -> None:
    if is_unsafe:
        raise UnsafeRoleError(
            f"{setting} connects as a role that row-level security does not hold back "
            f"(superuser, BYPASSRLS, or owner of the tables). Use the role {APP_ROLE} or {SYSTEM_ROLE}."
        )
