"""`migrate down` says what will be lost and asks; in a script it wants to be told that this is meant."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from app.database.migration import head_revision
from app.database.revision import known_revisions
from app.database.transactions import driver_of
from tests.database.opening import opened_engine
from tests.database.two_tenants import fill_with_two_tenants

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase


def environment(settings: Settings) -> dict[str, str]:
    """The owner's URL alone: a migration needs nothing else."""
    assert settings.migration_database_url
    return {
        "PATH": os.environ["PATH"],
        "MIGRATION_DATABASE_URL": settings.migration_database_url.get_secret_value(),
    }


def migrate(settings: Settings, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command, at a terminal where something is typed."""
    command = [sys.executable, "-m", "app.cli.main", "migrate", *arguments]
    ours, theirs = pty.openpty()
    try:
        if typed:
            os.write(ours, f"{typed}\n".encode())
        return subprocess.run(
            command,
            env=environment(settings),
            stdin=theirs if typed else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(theirs)


async def revision(database: ThrowawayDatabase) -> str | None:
    async with opened_engine(database.owner_url) as engine, engine.connect() as connection:
        return await (await driver_of(connection)).fetchval("SELECT version_num FROM alembic_version")


@pytest.fixture
async def filled(database: ThrowawayDatabase) -> ThrowawayDatabase:
    """One row for each of two sellers in every table."""
    async with opened_engine(database.owner_url) as engine:
        await fill_with_two_tenants(engine)
    return database


async def test_what_is_lost_is_told_before_anything_happens(settings: Settings, filled: ThrowawayDatabase) -> None:
    before = await revision(filled)
    ended = migrate(settings, "down", "0004")

    assert ended.returncode == 2
    assert ended.stdout.splitlines() == [
        "Downgrading to 0004 permanently deletes:",
        "  day_currencies           the table, 2 rows",
        "  failing_work             the table, 2 rows",
        "  idempotent_requests      user_id (2 rows)",
        "  jobs                     had_turn (2 rows)",
        "  login_events             the table, 2 rows",
        "  sync_warnings            the table, 2 rows",
    ]
    assert ended.stderr.startswith("Nothing was changed: there is no terminal to ask on.")
    assert await revision(filled) == before


async def test_columns_and_rows_of_tables_that_stay_are_told_too(settings: Settings, filled: ThrowawayDatabase) -> None:
    lines = migrate(settings, "down", "0003").stdout.splitlines()

    assert "  closed_days              the table, 2 rows" in lines
    assert "  stats_fetches            content_hash (2 rows)" in lines
    assert "  sync_run_jobs            some of its 2 rows" in lines
    assert [line for line in lines if line.startswith("  fb_connections           token_checked_at, ")] != []
    assert [line for line in lines if "alembic" in line or "ad_stats_daily" in line] == []
    assert await revision(filled) == head_revision()


@pytest.mark.parametrize(("typed", "ends_at"), [("n", head_revision()), ("", head_revision()), ("y", "0004")])
async def test_at_a_terminal_it_asks(settings: Settings, filled: ThrowawayDatabase, typed: str, ends_at: str) -> None:
    ended = migrate(settings, "down", "0004", typed=typed or " ")

    assert "Downgrade? [y/N]" in ended.stdout
    assert ended.returncode == (0 if typed == "y" else 2)
    assert await revision(filled) == ends_at


async def test_a_script_says_yes(settings: Settings, filled: ThrowawayDatabase) -> None:
    ended = migrate(settings, "down", "base", "--yes")

    assert (ended.returncode, ended.stdout) == (0, f"Migrated the schema from {head_revision()} to base.\n")
    assert await revision(filled) is None


async def test_up_asks_nothing(settings: Settings, filled: ThrowawayDatabase) -> None:
    assert migrate(settings, "down", "--yes", "0003").returncode == 0
    ended = migrate(settings)

    assert (ended.returncode, ended.stdout) == (0, f"Migrated the schema from 0003 to {head_revision()}.\n")
    assert await revision(filled) == head_revision()

    again = migrate(settings)
    assert (again.returncode, again.stdout) == (0, f"The schema is already at {head_revision()}.\n")


REVISIONS = f"Revisions: {', '.join(known_revisions())}; base deletes everything."
NO_REVISION = "Nothing was changed: there is no revision"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["down", "--yes"], f"Nothing was changed: `migrate down` needs the revision to go to. {REVISIONS}"),
        (["down", "nonsense", "--yes"], f"{NO_REVISION} 'nonsense'. {REVISIONS}"),
        (["down", "nonsense"], f"{NO_REVISION} 'nonsense'. {REVISIONS}"),
        (["down", "--yes", "--", "-99"], f"{NO_REVISION} '-99'. {REVISIONS}"),
        (
            ["down", head_revision()],
            (
                f"Nothing was changed: the schema is at 0004, earlier than {head_revision()}. "
                f"`pixecom migrate up {head_revision()}` goes there."
            ),
        ),
        (["up", "nonsense"], f"{NO_REVISION} 'nonsense'. {REVISIONS}"),
        (
            ["up", "0001"],
            "Nothing was changed: the schema is at 0004, later than 0001. `pixecom migrate down 0001` goes back.",
        ),
    ],
)
async def test_a_revision_that_makes_no_sense_changes_nothing(
    settings: Settings, database: ThrowawayDatabase, arguments: list[str], sentence: str
) -> None:
    assert migrate(settings, "down", "0004", "--yes").returncode == 0
    ended = migrate(settings, *arguments)

    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"{sentence}\n")
    assert await revision(database) == "0004"


async def test_steps_down(settings: Settings, database: ThrowawayDatabase) -> None:
    ended = migrate(settings, "down", "--yes", "--", "-1")
    earlier = known_revisions()[-2]

    assert (ended.returncode, ended.stdout) == (0, f"Migrated the schema from {head_revision()} to {earlier}.\n")
    assert await revision(database) == earlier
    assert migrate(settings, "down", earlier).stdout == f"The schema is already at {earlier}.\n"


async def test_a_schema_of_a_later_release_is_left_alone(settings: Settings, database: ThrowawayDatabase) -> None:
    async with opened_engine(database.owner_url) as engine, engine.connect() as connection:
        await (await driver_of(connection)).execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (["up"], ["down", "0004", "--yes"]):
        ended = migrate(settings, *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("Nothing was changed: the schema is at 9999, which this release does not know.")
    assert await revision(database) == "9999"


@pytest.mark.usefixtures("database")
def test_the_check_says_that_the_schema_is_right(settings: Settings) -> None:
    ended = migrate(settings, "check")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "The schema matches the code.\n", "")
