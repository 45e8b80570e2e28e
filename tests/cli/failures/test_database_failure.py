"""Whatever command the database fails, it says so in one sentence."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from redis.exceptions import ResponseError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from app.cli.failures.database_failure import describe_failure, is_disk_full
from app.embedded.passwords import ensure_secrets
from app.embedded.ports import find_free_port
from tests.cli.running import instance_on, run_pixecom, running_instance
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

READING = [("status",), ("check", "stats"), ("tokens", "check"), ("tokens", "reencrypt"), ("logins",)]


def assert_sentence(ended: subprocess.CompletedProcess[str], *words: str, code: int = 1) -> None:
    assert (ended.returncode, ended.stderr.count("\n")) == (code, 1), ended.stderr
    assert [each for each in words if each not in ended.stderr] == []


@pytest.mark.parametrize("command", [*READING, ("seed",)], ids=" ".join)
def test_a_database_that_is_away(settings: Settings, command: tuple[str, ...]) -> None:
    url = f"postgresql://pixecom_app:very-secret@127.0.0.1:{find_free_port()}/none"
    ended = run_pixecom(settings, *command, DATABASE_URL=url, SYSTEM_DATABASE_URL=url)
    assert_sentence(ended, "The database does not answer (", "); see `pixecom doctor`.")
    assert "very-secret" not in ended.stderr


@pytest.mark.parametrize("command", [("token",), ("sync",), ("status",)], ids=" ".join)
def test_the_database_of_an_instance_that_is_away(settings: Settings, tmp_path: Path, command: tuple[str, ...]) -> None:
    data = tmp_path / "a data directory"
    ports = {"postgres_port": find_free_port(), "valkey_port": find_free_port()}
    with running_instance(data, instance_on(find_free_port(), **ports)):
        ensure_secrets(data)
        ended = run_pixecom(settings, *command, "--data-dir", str(data), DATABASE_URL="")
    assert_sentence(ended, "The database does not answer (", f"see `pixecom doctor --data-dir '{data}'`.")


@pytest.mark.parametrize("wrong", [{"password": "very-secret"}, {"username": "nemo"}, {"database": "none"}], ids=list)
def test_a_database_that_refuses_the_connection(
    settings: Settings, database: ThrowawayDatabase, wrong: dict[str, Any]
) -> None:
    url = make_url(database.app_url).set(**wrong).render_as_string(hide_password=False)
    ended = run_pixecom(settings, "status", DATABASE_URL=url)
    assert_sentence(ended, "The database refuses the connection (", "); see `pixecom doctor`.")
    assert "very-secret" not in ended.stderr


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_swapped_urls(settings: Settings, database: ThrowawayDatabase, command: tuple[str, ...]) -> None:
    ended = run_pixecom(settings, *command, DATABASE_URL=database.system_url, SYSTEM_DATABASE_URL=database.app_url)
    assert_sentence(
        ended,
        "DATABASE_URL connects as pixecom_system and must connect as pixecom_app. "
        "Are DATABASE_URL and SYSTEM_DATABASE_URL swapped?",
        code=2,
    )


async def test_a_schema_that_is_too_old(settings: Settings, database: ThrowawayDatabase) -> None:
    async with opened_engine(database.owner_url) as engine, engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE ticks")
    ended = run_pixecom(settings, "status")
    assert_sentence(ended, 'relation "ticks" does not exist', "run `pixecom migrate`")


def test_what_is_no_failure_of_a_server_is_left_alone() -> None:
    assert describe_failure(BrokenPipeError(errno.EPIPE, "Broken pipe")) is None  # the reader of our output has gone
    assert describe_failure(ValueError("a fault of ours")) is None


def test_a_full_disk_is_told_as_such() -> None:
    said = 'could not write init file "base/16384/pg_internal.init.12": No space left on device'
    begun = DBAPIError("SELECT 1", None, asyncpg.PostgresError(said))
    assert is_disk_full(begun)
    assert describe_failure(begun) == f"The disk of the database is full ({said}): free some space there."
    assert is_disk_full(asyncpg.DiskFullError("could not extend file"))


def test_a_redis_that_refuses_is_told_as_such() -> None:
    sentence = describe_failure(ResponseError("MISCONF Redis is configured to save RDB snapshots"))
    assert (
        sentence
        == "Redis does not do its work (MISCONF Redis is configured to save RDB snapshots); see `pixecom doctor`."
    )
