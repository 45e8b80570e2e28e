"""The second wall: which rows each role may touch, table by table.

A transaction says for whom it works with `set_config('app.seller_id', ...)` (see app.database.transactions); a query
that forgets its tenant finds nothing. The settings are compared through scalar subqueries, so that they are evaluated
once a statement. Migrations write the policies; this module says what must stand in the catalogue, partitions
included, and a test compares the two, because `alembic check` doesn't look at policies.
"""

from __future__ import annotations

from typing import NamedTuple

from app.database.roles import SYSTEM_ROLE
from app.database.tables.metadata import Wall

SYSTEM_READABLE = ("sellers", "fb_connections", "memberships", "login_events")


class Policy(NamedTuple):
    """As `pg_policies` shows it; `check` is null where it is the same as `using`."""

    name: str
    command: str
    roles: tuple[str, ...]
    using: str
    check: str | None = None


def _setting(name: str) -> str:
    return f"SELECT (NULLIF(current_setting('app.{name}'::text, true), ''::text))::uuid AS \"nullif\""


_CONDITIONS = {
    Wall.TENANT: f"(seller_id = ( {_setting('seller_id')}))",
    Wall.SELLER: f"(id = ( {_setting('seller_id')}))",
    Wall.USER: f"(id = ( {_setting('user_id')}))",
    Wall.LOGIN: "(email = ( SELECT current_setting('app.login_email'::text, true) AS current_setting))",
    Wall.WORK: (
        f"((seller_id = ( {_setting('seller_id')})) OR "
        "(( SELECT current_setting('app.scope'::text, true) AS current_setting) = 'work'::text))"
    ),
    Wall.LOGIN_TRAIL: (
        f"((seller_id = ( {_setting('seller_id')})) OR "  # noqa: S608  # as the catalogue shows it
        "((seller_id IS NULL) AND (user_id IN ( SELECT memberships.user_id\n"
        "   FROM memberships\n"
        f"  WHERE (memberships.seller_id = ( {_setting('seller_id')}))))))"
    ),
}
# For tables where a session may write rows that it can't read.
_CHECKS = {
    Wall.LOGIN_TRAIL: "(( SELECT current_setting('app.scope'::text, true) AS current_setting) = 'login'::text)",
}


def expected_policies(table: str, wall: Wall) -> tuple[Policy, ...]:
    """The policies that must stand on a table (and on each of its partitions), sorted by name."""
    if wall is Wall.OPEN:
        return ()
    isolation = Policy(f"{wall}_isolation", "ALL", ("public",), _CONDITIONS[wall], _CHECKS.get(wall))
    if table not in SYSTEM_READABLE:
        return (isolation,)
    return tuple(sorted((isolation, Policy("system_reads", "SELECT", (SYSTEM_ROLE,), "true"))))
