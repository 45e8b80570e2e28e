"""Whether the schema is new enough for the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.database.migration import head_revision
from app.database.revision import check_revision, known_revisions
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase

OLDER = f"the schema is older than revision {head_revision()}, which this release needs: run `pixecom migrate`"

UNREADABLE = "pixecom_app may not read the schema's revision, as it may from revision 0006 on: run `pixecom migrate`"


def test_the_newest_revision_is_alembics_head() -> None:
    assert known_revisions()[-1] == head_revision()


async def test_a_migrated_database_is_new_enough(database: ThrowawayDatabase) -> None:
    async with opened_engine(database.app_url) as engine:
        assert await check_revision(engine) == "ok"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE alembic_version SET version_num = '0004'", OLDER),
        ("DELETE FROM alembic_version", OLDER),
        ("REVOKE SELECT ON alembic_version FROM pixecom_app", UNREADABLE),
        ("UPDATE alembic_version SET version_num = '0999'", "ok"),
    ],
)
async def test_an_older_schema_is_named_and_a_later_one_is_not(
    database: ThrowawayDatabase, change: str, found: str
) -> None:
    async with opened_engine(database.owner_url) as owner, owner.begin() as connection:
        await connection.exec_driver_sql(change)
    async with opened_engine(database.app_url) as engine:
        assert await check_revision(engine) == found


async def test_another_role_is_named_and_the_schema_is_not_blamed(database: ThrowawayDatabase) -> None:
    async with opened_engine(database.system_url) as engine:
        assert await check_revision(engine) == (
            "pixecom_system may not read the schema's revision: DATABASE_URL must connect as pixecom_app"
        )


async def test_a_database_without_a_schema_is_not_ready(empty_database: ThrowawayDatabase) -> None:
    async with opened_engine(empty_database.app_url) as engine:
        assert await check_revision(engine) == OLDER
