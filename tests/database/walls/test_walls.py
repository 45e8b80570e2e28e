"""No table and no partition stands without its wall; and the audit that says so sees every way of forgetting one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, MetaData, Table, Uuid

from app import clock
from app.database.partitions import RAW_TABLE, month_start, partition_name
from app.database.tables import Wall, metadata
from tests.database.wall_audit import audit, list_tables, walls_of

if TYPE_CHECKING:
    from app.database.driver import Driver

WALLS = walls_of(metadata)
PARTITION = partition_name(month_start(clock.now().date()))

FORGOTTEN = [
    pytest.param(
        "DROP POLICY tenant_isolation ON campaigns",
        ["campaigns: policies none differ from those expected, tenant_isolation"],
        id="policy-dropped",
    ),
    pytest.param(
        "ALTER TABLE campaigns DISABLE ROW LEVEL SECURITY",
        ["campaigns: row-level security is off"],
        id="row-security-off",
    ),
    pytest.param(
        "ALTER POLICY tenant_isolation ON campaigns USING (true)",
        ["campaigns: policies tenant_isolation differ from those expected, tenant_isolation"],
        id="condition-loosened",
    ),
    pytest.param(
        "ALTER POLICY tenant_isolation ON campaigns WITH CHECK (true)",
        ["campaigns: policies tenant_isolation differ from those expected, tenant_isolation"],
        id="check-loosened",
    ),
    pytest.param(
        "ALTER POLICY system_reads ON sellers TO public",
        ["sellers: policies seller_isolation, system_reads differ from those expected, seller_isolation, system_reads"],
        id="role-widened",
    ),
    pytest.param(
        "CREATE POLICY also ON campaigns FOR SELECT USING (true)",
        ["campaigns: policies also, tenant_isolation differ from those expected, tenant_isolation"],
        id="policy-added",
    ),
    pytest.param(
        "CREATE TABLE novelties (seller_id uuid, id uuid)",
        ["novelties: no table in code declares its wall"],
        id="table-undeclared",
    ),
    pytest.param(
        "CREATE VIEW everything AS SELECT * FROM campaigns",
        ["everything: no table in code declares its wall"],
        id="view-of-the-owner",
    ),
    pytest.param(
        f"CREATE TABLE {RAW_TABLE}_1999_01 PARTITION OF {RAW_TABLE} FOR VALUES FROM ('1999-01-01') TO ('1999-02-01')",
        [
            f"{RAW_TABLE}_1999_01: row-level security is off",
            f"{RAW_TABLE}_1999_01: policies none differ from those expected, tenant_isolation",
        ],
        id="partition-without-wall",
    ),
    pytest.param(
        f"GRANT SELECT ON {PARTITION} TO pixecom_app",
        [f"{PARTITION}: granted to pixecom_app by its own name"],
        id="partition-granted",
    ),
    pytest.param(
        f"GRANT SELECT ON {PARTITION} TO public",
        [f"{PARTITION}: granted to public by its own name"],
        id="partition-granted-to-all",
    ),
    pytest.param(
        "CREATE INDEX by_name ON campaigns (name)",
        ["campaigns: index by_name is led by name"],
        id="index-not-tenant-led",
    ),
    pytest.param(
        "ALTER TABLE campaigns ADD CONSTRAINT once UNIQUE (external_id, seller_id)",
        ["campaigns: index once is led by external_id"],
        id="unique-key-not-tenant-led",
    ),
    pytest.param(
        "ALTER TABLE campaigns ADD CONSTRAINT outward FOREIGN KEY (id) REFERENCES sync_runs (id)",
        ["campaigns: foreign key outward leaves the tenant"],
        id="foreign-key-leaves",
    ),
    pytest.param(
        "DROP TABLE ticks",
        ["ticks: declared in code, absent from the database"],
        id="table-missing",
    ),
]


async def test_every_table_and_partition_stands_behind_its_wall(superuser: Driver) -> None:
    assert await audit(superuser, WALLS) == []


def test_every_table_in_code_declares_a_wall() -> None:
    assert WALLS.keys() == metadata.tables.keys()


async def test_the_audit_looks_at_all_tables_and_partitions(superuser: Driver) -> None:
    tables = await list_tables(superuser)
    assert {table.name for table in tables if not table.parent} == metadata.tables.keys()
    partitions = [table for table in tables if table.parent]
    assert {table.parent for table in partitions} == {RAW_TABLE}
    assert len(partitions) == 28  # 14 months back, this one, 13 ahead


@pytest.mark.parametrize(("change", "findings"), FORGOTTEN)
async def test_a_gap_is_found(superuser: Driver, change: str, findings: list[str]) -> None:
    await superuser.execute(change)
    assert await audit(superuser, WALLS) == findings


async def test_a_table_that_declares_no_wall_is_found(superuser: Driver) -> None:
    await superuser.execute("CREATE TABLE novelties (seller_id uuid, id uuid)")
    forgetful = MetaData()
    Table("novelties", forgetful, Column("seller_id", Uuid))
    assert await audit(superuser, WALLS | walls_of(forgetful)) == ["novelties: no table in code declares its wall"]


async def test_a_tenants_table_can_not_declare_itself_open(superuser: Driver) -> None:
    await superuser.execute("CREATE TABLE novelties (seller_id uuid, id uuid)")
    assert await audit(superuser, WALLS | {"novelties": Wall.OPEN}) == ["novelties: has seller_id behind the wall open"]


async def test_a_new_tenant_table_without_policy_is_found(superuser: Driver) -> None:
    await superuser.execute("CREATE TABLE novelties (id uuid PRIMARY KEY, seller_id uuid NOT NULL)")
    assert await audit(superuser, WALLS | {"novelties": Wall.TENANT}) == [
        "novelties: row-level security is off",
        "novelties: policies none differ from those expected, tenant_isolation",
        "novelties: index novelties_pkey is led by id",
    ]
