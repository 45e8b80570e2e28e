"""What each role may do at all, read from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from app.database.roles import APP_ROLE, OWNER_ROLE, SYSTEM_ROLE
from app.database.row_security import SYSTEM_READABLE
from app.database.tables import metadata
from app.database.transactions import across_tenants, tenant_transaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from tests.database.two_tenants import TwoTenants

APPEND_ONLY = {"ad_stats_raw", "audit_events", "login_events"}
DELETABLE = {
    "call_pauses",
    "day_currencies",
    "failing_work",
    "idempotent_requests",
    "job_totals",
    "jobs",
    "leaderboards",
    "seller_stats_daily",
    "sellpage_stats_daily",
    "stale_days",
    "sync_run_jobs",
    "sync_runs",
    "sync_warnings",
    "ticks",
}
# They act as the owner, and only when called.
MAINTENANCE = [
    "function create_raw_partition",
    "function drop_raw_partition",
    "function forget_login_events",
    "function set_back_future_snapshots",
]

_ROLE = """
SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
FROM pg_roles
WHERE rolname = $1
"""

_MEMBERSHIPS = """
SELECT count(*)
FROM pg_auth_members
WHERE member = $1::regrole
   OR roleid = $1::regrole
"""

_OWNED = "SELECT count(*) FROM pg_shdepend WHERE refobjid = $1::regrole AND deptype = 'o'"

_OWNERS = """
SELECT DISTINCT relowner::regrole::text
FROM pg_class
WHERE relnamespace = 'public'::regnamespace
"""

_TABLE_PRIVILEGES = """
SELECT c.relname::text,
       array_agg(granted.privilege_type ORDER BY granted.privilege_type)
FROM pg_class c
CROSS JOIN LATERAL aclexplode(c.relacl) AS granted
WHERE c.relnamespace = 'public'::regnamespace
  AND granted.grantee = $1::regrole
GROUP BY c.relname
"""

_COLUMN_PRIVILEGES = """
SELECT c.relname::text AS table_name,
       a.attname::text AS column_name,
       granted.privilege_type AS privilege
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid
CROSS JOIN LATERAL aclexplode(a.attacl) AS granted
WHERE c.relnamespace = 'public'::regnamespace
  AND granted.grantee = $1::regrole
"""

_GRANTED_TO_ALL = """
SELECT count(*)
FROM pg_class c
CROSS JOIN LATERAL aclexplode(c.relacl) AS granted
WHERE c.relnamespace = 'public'::regnamespace
  AND granted.grantee = 0
"""

# What would let the database act by itself, or read with its owner's rights.
_MACHINERY = """
SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'default of ' || adrelid::regclass FROM pg_attrdef
UNION ALL
SELECT 'sequence or view ' || relname
FROM pg_class
WHERE relnamespace = 'public'::regnamespace
  AND relkind IN ('S', 'v', 'm', 'f')
"""


@pytest.mark.parametrize("role", [OWNER_ROLE, APP_ROLE, SYSTEM_ROLE])
async def test_no_role_stands_above_the_wall(superuser: Driver, role: str) -> None:
    row = await superuser.fetchrow(_ROLE, role)
    assert row is not None
    assert tuple(row) == (False, False, False, False, False)
    assert await superuser.fetchval(_MEMBERSHIPS, role) == 0


async def test_the_owner_owns_everything(superuser: Driver) -> None:
    assert [row[0] for row in await superuser.fetch(_OWNERS)] == [OWNER_ROLE]


@pytest.mark.parametrize("role", [APP_ROLE, SYSTEM_ROLE])
async def test_the_roles_of_processes_own_nothing_and_make_nothing(superuser: Driver, role: str) -> None:
    assert await superuser.fetchval(_OWNED, role) == 0
    assert await superuser.fetchval("SELECT has_schema_privilege($1, 'public', 'USAGE')", role) is True
    assert await superuser.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", role) is False
    assert await superuser.fetchval("SELECT has_database_privilege($1, current_database(), 'CREATE')", role) is False


async def test_the_app_role_is_granted_what_it_needs(superuser: Driver) -> None:
    granted = {row[0]: set(row[1]) for row in await superuser.fetch(_TABLE_PRIVILEGES, APP_ROLE)}
    tables = metadata.tables.keys()
    assert {name for name, verbs in granted.items() if verbs >= {"SELECT", "INSERT"}} == tables
    assert {name for name, verbs in granted.items() if "UPDATE" in verbs} == tables - APPEND_ONLY
    assert {name for name, verbs in granted.items() if "DELETE" in verbs} == DELETABLE
    assert set().union(*granted.values()) == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert await superuser.fetch(_COLUMN_PRIVILEGES, APP_ROLE) == []


async def test_the_system_role_reads_some_columns_of_four_tables(superuser: Driver) -> None:
    assert await superuser.fetch(_TABLE_PRIVILEGES, SYSTEM_ROLE) == []
    columns = await superuser.fetch(_COLUMN_PRIVILEGES, SYSTEM_ROLE)
    assert {row["table_name"] for row in columns} == set(SYSTEM_READABLE)
    assert {row["privilege"] for row in columns} == {"SELECT"}
    assert [row["column_name"] for row in columns if "token" in row["column_name"]] == []


async def test_nothing_is_granted_to_everybody(superuser: Driver) -> None:
    assert await superuser.fetchval(_GRANTED_TO_ALL) == 0


async def test_the_database_does_nothing_by_itself(superuser: Driver) -> None:
    assert sorted(row[0] for row in await superuser.fetch(_MACHINERY)) == MAINTENANCE


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
@pytest.mark.parametrize("statement", ["UPDATE {} SET seller_id = seller_id", "DELETE FROM {}", "TRUNCATE {}"])
async def test_what_was_written_once_stays(
    app_engine: AsyncEngine, tenants: TwoTenants, table: str, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"permission denied for table {table}"):
        async with tenant_transaction(app_engine, tenants.a) as driver:
            await driver.execute(statement.format(table))


@pytest.mark.parametrize("table", sorted(metadata.tables.keys() - set(SYSTEM_READABLE)))
async def test_the_system_role_reads_no_other_table(
    system_engine: AsyncEngine, tenants: TwoTenants, table: str
) -> None:
    assert tenants.rows[tenants.a][table]
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"permission denied for table {table}"):
        async with across_tenants(system_engine) as driver:
            await driver.fetch(f"SELECT 1 FROM {table}")


@pytest.mark.parametrize("column", ["token_ciphertext", "token_key_id", "name", "*"])
async def test_the_system_role_reads_no_token(system_engine: AsyncEngine, tenants: TwoTenants, column: str) -> None:
    async with across_tenants(system_engine) as driver:
        seen = await driver.fetch("SELECT seller_id FROM fb_connections ORDER BY seller_id")
        assert [row[0] for row in seen] == [tenants.a, tenants.b]
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for table fb_connections"):
            await driver.fetch(f"SELECT {column} FROM fb_connections")


@pytest.mark.parametrize("table", SYSTEM_READABLE)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES"]
)
async def test_the_system_role_writes_nothing(system_engine: AsyncEngine, table: str, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"permission denied for table {table}"):
        async with across_tenants(system_engine) as driver:
            await driver.execute(statement.format(table))


async def test_the_app_role_can_not_become_another(app_engine: AsyncEngine) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='permission denied to set role "pixecom_owner"'):
        async with across_tenants(app_engine) as driver:
            await driver.execute("SET ROLE pixecom_owner")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="must be owner of table campaigns"):
        async with across_tenants(app_engine) as driver:
            await driver.execute("ALTER TABLE campaigns DISABLE ROW LEVEL SECURITY")
