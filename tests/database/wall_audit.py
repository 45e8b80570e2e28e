"""What is wrong with the second wall, read from the catalogue of the database itself, one sentence for each finding.

Nothing here lists tables: whatever stands in the schema `public` is judged by the wall that its table declares, so
that a new table can't be forgotten. `alembic_version` is alembic's own and holds nobody's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.database.row_security import Policy, expected_policies
from app.database.tables import Wall

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import MetaData

    from app.database.driver import Driver

Walls = dict[str, Wall]

# What a foreign key of a tenant table may point to besides its own tenant's rows.
REFERENCE_TABLES = frozenset({"users"})
# Memberships are also found by their user: that is how a login learns its sellers.
NOT_TENANT_LED = frozenset({"ix_memberships_user_id"})

_TABLES = """
SELECT c.relname::text AS name,
       parent.relname::text AS parent,
       c.relrowsecurity AS walled,
       EXISTS (
           SELECT
           FROM pg_attribute a
           WHERE a.attrelid = c.oid
             AND a.attname = 'seller_id'
             AND NOT a.attisdropped
       ) AS has_seller
FROM pg_class c
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relnamespace = 'public'::regnamespace
  AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND c.relname <> 'alembic_version'
ORDER BY c.relname
"""

_POLICIES = """
SELECT tablename::text AS table_name,
       policyname::text AS name,
       cmd AS command,
       roles::text[] AS roles,
       qual AS condition,
       with_check AS checked,
       permissive
FROM pg_policies
WHERE schemaname = 'public'
ORDER BY tablename, policyname
"""

_INDEXES = """
SELECT t.relname::text AS table_name,
       c.relname::text AS name,
       pg_get_indexdef(i.indexrelid, 1, true) AS leads
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relnamespace = 'public'::regnamespace
ORDER BY c.relname
"""

_FOREIGN_KEYS = """
SELECT conrelid::regclass::text AS table_name,
       conname::text AS name,
       confrelid::regclass::text AS target,
       leads.attname::text AS leads,
       led_to.attname::text AS led_to
FROM pg_constraint
JOIN pg_attribute leads ON leads.attrelid = conrelid AND leads.attnum = conkey[1]
JOIN pg_attribute led_to ON led_to.attrelid = confrelid AND led_to.attnum = confkey[1]
WHERE contype = 'f'
ORDER BY conname
"""

_GRANTS = """
SELECT relation.relname::text AS table_name,
       coalesce(grantee.rolname::text, 'public') AS role
FROM pg_class relation
CROSS JOIN LATERAL aclexplode(relation.relacl) AS granted
LEFT JOIN pg_roles grantee ON grantee.oid = granted.grantee
WHERE relation.relnamespace = 'public'::regnamespace
  AND granted.grantee <> relation.relowner
GROUP BY 1, 2
ORDER BY 1, 2
"""


class CatalogueTable(NamedTuple):
    """A table, partition or view of the schema `public`; `parent` is set for a partition."""

    name: str
    parent: str | None
    walled: bool
    has_seller: bool

    @property
    def declared_by(self) -> str:
        """The table in code that speaks for it."""
        return self.parent or self.name


def walls_of(metadata: MetaData) -> Walls:
    """The wall of each table that declares one."""
    return {name: table.info["wall"] for name, table in metadata.tables.items() if "wall" in table.info}


async def list_tables(driver: Driver) -> list[CatalogueTable]:
    return [CatalogueTable(*row) for row in await driver.fetch(_TABLES)]


async def audit(driver: Driver, walls: Mapping[str, Wall]) -> list[str]:
    """All findings; an empty list is a wall without a gap."""
    tables = await list_tables(driver)
    policies = await _policies(driver)
    return [
        *_undeclared(tables, walls),
        *_missing(tables, walls),
        *(finding for table in tables for finding in _wall_findings(table, policies.get(table.name, ()), walls)),
        *await _index_findings(driver, walls),
        *await _foreign_key_findings(driver, walls),
        *await _partition_grant_findings(driver, tables),
    ]


async def _policies(driver: Driver) -> dict[str, tuple[Policy, ...]]:
    found: dict[str, tuple[Policy, ...]] = {}
    for row in await driver.fetch(_POLICIES):
        name = row["name"] if row["permissive"] == "PERMISSIVE" else f"{row['name']} (restrictive)"
        policy = Policy(name, row["command"], tuple(row["roles"]), row["condition"], row["checked"])
        found[row["table_name"]] = (*found.get(row["table_name"], ()), policy)
    return found


def _undeclared(tables: Iterable[CatalogueTable], walls: Mapping[str, Wall]) -> Iterator[str]:
    for table in tables:
        if table.declared_by not in walls:
            yield f"{table.name}: no table in code declares its wall"


def _missing(tables: Iterable[CatalogueTable], walls: Mapping[str, Wall]) -> Iterator[str]:
    present = {table.name for table in tables}
    return (f"{name}: declared in code, absent from the database" for name in sorted(walls.keys() - present))


def _wall_findings(table: CatalogueTable, policies: tuple[Policy, ...], walls: Mapping[str, Wall]) -> Iterator[str]:
    wall = walls.get(table.declared_by)
    if wall is None:
        return
    if table.has_seller and wall not in {Wall.TENANT, Wall.WORK, Wall.LOGIN_TRAIL}:
        yield f"{table.name}: has seller_id behind the wall {wall}"
    if table.walled is (wall is Wall.OPEN):
        yield f"{table.name}: row-level security is {'on' if table.walled else 'off'}"
    expected = expected_policies(table.declared_by, wall)
    if policies != expected:
        yield f"{table.name}: policies {_names(policies)} differ from those expected, {_names(expected)}"


def _names(policies: Iterable[Policy]) -> str:
    return ", ".join(policy.name for policy in policies) or "none"


async def _index_findings(driver: Driver, walls: Mapping[str, Wall]) -> list[str]:
    return [
        f"{row['table_name']}: index {row['name']} is led by {row['leads']}"
        for row in await driver.fetch(_INDEXES)
        if walls.get(row["table_name"]) is Wall.TENANT
        and row["leads"] != "seller_id"
        and row["name"] not in NOT_TENANT_LED
    ]


async def _foreign_key_findings(driver: Driver, walls: Mapping[str, Wall]) -> list[str]:
    return [
        f"{row['table_name']}: foreign key {row['name']} leaves the tenant"
        for row in await driver.fetch(_FOREIGN_KEYS)
        if walls.get(row["table_name"]) is Wall.TENANT
        and row["target"] not in REFERENCE_TABLES
        and (row["leads"], row["led_to"]) != ("seller_id", "seller_id")
    ]


async def _partition_grant_findings(driver: Driver, tables: Iterable[CatalogueTable]) -> list[str]:
    partitions = {table.name for table in tables if table.parent}
    return [
        f"{row['table_name']}: granted to {row['role']} by its own name"
        for row in await driver.fetch(_GRANTS)
        if row["table_name"] in partitions
    ]
