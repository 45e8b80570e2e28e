"""`doctor` tells a right installation from a wrong one, for people and for machines."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from app.embedded.ports import find_free_port
from app.services.context import open_services
from tests.services.shop import account, add_seller, sandbox_for

if TYPE_CHECKING:
    from pathlib import Path

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase

CHECKS = [
    "settings",
    "database",
    "system database",
    "durability",
    "migrations",
    "redis",
    "token keys",
    "demo logins",
    "clock",
    "meta",
    "fleet",
]
ON_DATABASE = ["token keys", "demo logins", "clock", "meta", "fleet"]


def doctor(settings: Settings, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    secrets = {
        "DATABASE_URL": settings.database_url,
        "SYSTEM_DATABASE_URL": settings.system_database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "REDIS_URL": settings.redis_url,
        "AUTH_SECRET": settings.auth_secret,
        "TOKEN_ENCRYPTION_KEYS": settings.token_encryption_keys,
    }
    known = {name: secret.get_secret_value() for name, secret in secrets.items() if secret}
    return subprocess.run(
        [sys.executable, "-m", "app.cli.main", "doctor", *arguments],
        env={"PATH": os.environ["PATH"], **known, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(autouse=True)
async def durable(database: ThrowawayDatabase) -> None:
    """The tests' servers are quick and forgetful; an installation is not."""
    await execute(database, f'ALTER DATABASE "{name_of(database)}" SET synchronous_commit = on')


async def execute(database: ThrowawayDatabase, statement: str) -> None:
    connection = cast("Any", await asyncpg.connect(database.superuser_url.replace("+asyncpg", "")))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def name_of(database: ThrowawayDatabase) -> str:
    return make_url(database.superuser_url).database or ""


async def let_the_schedule_move(database: ThrowawayDatabase) -> None:
    await execute(database, "INSERT INTO ticks (name, slot, taken_at) VALUES ('delivery', now(), now())")


async def test_all_is_well(settings: Settings, database: ThrowawayDatabase) -> None:
    await let_the_schedule_move(database)
    ended = doctor(settings, "--json")

    findings = json.loads(ended.stdout)
    assert [(finding["check"], finding["ok"]) for finding in findings] == [(check, True) for check in CHECKS]
    assert ended.returncode == 0


async def test_people_get_a_table(settings: Settings, database: ThrowawayDatabase) -> None:
    await let_the_schedule_move(database)
    ended = doctor(settings, "--text")

    assert ended.returncode == 0
    assert ended.stdout.count("✓") == 11


async def test_rows_of_the_future_are_found_with_the_remedy(settings: Settings, database: ThrowawayDatabase) -> None:
    await let_the_schedule_move(database)
    await store_tokens(settings)
    await execute(
        database,
        "INSERT INTO stats_fetches (seller_id, account_id, level, stat_date, first_fetched_at, fetched_at)"
        " SELECT seller_id, id, 3, '2026-11-21', now(), now() + interval '1 day' FROM fb_connections",
    )
    ended = doctor(settings, "--json")

    fleet = json.loads(ended.stdout)[-1]
    assert (ended.returncode, fleet["check"], fleet["warns"]) == (0, "fleet", True)
    assert (
        "rows with a future time for shop (2 in stats_fetches, days 2026-11-21 to 2026-11-21): "
        "`pixecom check stats --repair` moves them back to now" in fleet["detail"]
    )


async def test_a_version_that_meta_upgrades_is_found_with_the_remedy(
    settings: Settings, database: ThrowawayDatabase
) -> None:
    await let_the_schedule_move(database)
    await store_tokens(settings)
    await execute(
        database,
        "INSERT INTO sync_warnings (seller_id, id, connection_id, job_id, source, subject, sentence, things, examples,"
        " first_seen_at, last_seen_at) SELECT seller_id, gen_random_uuid(), id, gen_random_uuid(), 'STRUCTURE',"
        " 'ACCOUNT', 'Meta answers calls of its version v27.0 in v28.0, since it has ended.', 1, '[]', now(), now()"
        " FROM fb_connections",
    )
    ended = doctor(settings, "--json")

    (meta,) = [finding for finding in json.loads(ended.stdout) if finding["check"] == "meta"]
    assert (ended.returncode, meta["warns"]) == (0, True)
    assert meta["detail"].startswith("Meta answers calls of its version v27.0 in v28.0")
    assert "set META_API_VERSION to a version that Meta offers" in meta["detail"]


def test_trouble_of_the_work_is_pointed_to_and_no_fault_of_the_installation(settings: Settings) -> None:
    ended = doctor(settings, "--json")

    assert ended.returncode == 0
    assert json.loads(ended.stdout)[-1] == {
        "check": "fleet",
        "ok": True,
        "detail": "the schedule does not move: see `pixecom status`",
        "warns": True,
    }


@pytest.mark.parametrize("role", [None, "pixecom_app"])
async def test_commits_that_may_be_forgotten_are_found_with_the_remedy(
    settings: Settings, database: ThrowawayDatabase, role: str | None
) -> None:
    name = name_of(database)
    where = f'ROLE "{role}" IN DATABASE "{name}"' if role else f'DATABASE "{name}"'
    await execute(database, f"ALTER {where} SET synchronous_commit = off")
    ended = doctor(settings, "--json")

    wrong = [finding for finding in json.loads(ended.stdout) if not finding["ok"]]
    assert ended.returncode == 1
    assert [finding["check"] for finding in wrong] == ["durability"]
    assert wrong[0]["detail"].startswith("synchronous_commit is off: when Postgres crashes it may forget a commit")
    assert f"Turn it on: ALTER {where} RESET synchronous_commit;" in wrong[0]["detail"]


def test_what_production_refuses_is_found(settings: Settings) -> None:
    ended = doctor(settings, "--json", PIXECOM_ENV="production", ACCESS_TOKEN_MINUTES="120")

    finding, _ = json.loads(ended.stdout)
    assert (ended.returncode, finding["check"], finding["ok"]) == (1, "settings", False)
    for name in ("DATABASE_URL", "SYSTEM_DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"):
        assert f"  {name}: was generated by `pixecom up` for development; generate another one" in finding["detail"]
    assert "  ACCESS_TOKEN_MINUTES: must be at most 60 in production" in finding["detail"]


def test_a_role_above_row_level_security_is_found(settings: Settings, database: ThrowawayDatabase) -> None:
    ended = doctor(settings, "--json", DATABASE_URL=database.superuser_url)

    wrong = [finding for finding in json.loads(ended.stdout) if finding["ok"] is False]
    assert ended.returncode == 1
    assert [finding["check"] for finding in wrong] == ["database"]
    assert "row-level security does not hold back" in wrong[0]["detail"]


def test_a_missing_schema_is_found(settings: Settings, empty_database: ThrowawayDatabase) -> None:
    ended = doctor(settings, "--json", MIGRATION_DATABASE_URL=empty_database.owner_url)

    wrong = [finding for finding in json.loads(ended.stdout) if not finding["ok"]]
    assert ended.returncode == 1
    assert [finding["check"] for finding in wrong] == ["migrations"]
    assert wrong[0]["detail"].startswith("The schema is older than revision ")


async def store_tokens(settings: Settings) -> None:
    """Two tokens, of an inactive seller at that."""
    async with open_services(settings, process="tests") as services:
        seller_id = await add_seller(services)
        with sandbox_for(services, seller_id, account("1"), account("2")) as shop:
            await shop.connect("1")
            await shop.connect("2")


async def test_tokens_whose_key_is_gone_are_found_with_the_remedy(
    settings: Settings, database: ThrowawayDatabase
) -> None:
    await store_tokens(settings)
    await execute(database, "UPDATE sellers SET is_active = false")
    await let_the_schedule_move(database)
    old = settings.token_encryption_keys.get_secret_value()
    key = base64.b64encode(bytes(range(32))).decode()
    ended = doctor(settings, "--json", TOKEN_ENCRYPTION_KEYS=f"new:{key}")

    [wrong] = [finding for finding in json.loads(ended.stdout) if not finding["ok"]]
    assert (ended.returncode, wrong["check"]) == (1, "token keys")
    assert wrong["detail"] == (
        "TOKEN_ENCRYPTION_KEYS lacks keys of stored tokens (2 under 'test1'), so their connections can't be worked "
        "for: put the old key back behind the new one, then run `pixecom tokens reencrypt`."
    )
    told = ended.stdout + ended.stderr
    assert (key in told, old.partition(":")[2] in told) == (False, False)

    ended = doctor(settings, "--json", TOKEN_ENCRYPTION_KEYS=f"new:{key},{old}")
    details = {finding["check"]: finding["detail"] for finding in json.loads(ended.stdout)}
    assert (ended.returncode, details["token keys"]) == (0, "decrypt all 2 stored tokens")


def test_a_malformed_key_is_told_with_the_other_settings(settings: Settings) -> None:
    ended = doctor(settings, "--json", TOKEN_ENCRYPTION_KEYS="one:very-secret", LOG_LEVEL="LOUD")

    wrong, unchecked = json.loads(ended.stdout)
    assert (ended.returncode, wrong["check"], wrong["ok"]) == (1, "settings", False)
    assert (unchecked["ok"], unchecked["detail"]) == (None, "not checked: because of settings")
    assert "  LOG_LEVEL: must be DEBUG, INFO, WARNING, ERROR or CRITICAL\n" in wrong["detail"]
    assert ": the key of entry 1 is not base64\n" in wrong["detail"]
    assert "very-secret" not in ended.stdout + ended.stderr


def test_an_unreachable_redis_is_found(settings: Settings) -> None:
    ended = doctor(settings, "--json", REDIS_URL="redis://:very-secret@127.0.0.1:1/0")

    wrong = [finding for finding in json.loads(ended.stdout) if not finding["ok"]]
    assert [finding["check"] for finding in wrong] == ["redis"]
    assert [finding["check"] for finding in json.loads(ended.stdout)] == CHECKS
    assert "very-secret" not in ended.stdout + ended.stderr


def outcomes(ended: subprocess.CompletedProcess[str]) -> dict[str, bool | None]:
    """By check: whether it is right; None for one that was not possible."""
    assert "Traceback" not in ended.stderr
    return {finding["check"]: finding["ok"] for finding in json.loads(ended.stdout)}


def details(ended: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {finding["check"]: finding["detail"] for finding in json.loads(ended.stdout)}


def test_a_directory_that_does_not_exist_hides_no_other_check(settings: Settings, tmp_path: Path) -> None:
    ended = doctor(settings, "--json", DATA_DIRECTORY=str(tmp_path / "none"))

    assert ended.returncode == 1
    assert [check for check, ok in outcomes(ended).items() if not ok] == ["disk"]
    assert set(outcomes(ended)) == {*CHECKS, "disk"}


def test_a_host_without_the_owners_url_is_right(settings: Settings) -> None:
    ended = doctor(settings, "--json", MIGRATION_DATABASE_URL="")

    assert (ended.returncode, outcomes(ended)) == (0, dict.fromkeys(CHECKS, True))
    assert "MIGRATION_DATABASE_URL, which only `pixecom migrate` needs, is not set here" in details(ended)["migrations"]


async def test_a_host_that_has_the_urls_alone_is_right(settings: Settings) -> None:
    await store_tokens(settings)
    ended = doctor(settings, "--json", AUTH_SECRET="", TOKEN_ENCRYPTION_KEYS="")

    assert (ended.returncode, outcomes(ended)) == (0, dict.fromkeys(CHECKS, True))
    warned = [finding["check"] for finding in json.loads(ended.stdout) if finding["warns"]]
    assert [check for check in warned if check != "fleet"] == ["settings", "token keys"]
    assert details(ended)["settings"] == (
        "for development; AUTH_SECRET and TOKEN_ENCRYPTION_KEYS, without which neither api nor worker nor scheduler "
        "starts, not set here"
    )
    assert details(ended)["token keys"] == "not checked: TOKEN_ENCRYPTION_KEYS is not set here"


def test_what_is_used_is_required(settings: Settings) -> None:
    ended = doctor(settings, "--json", AUTH_SECRET="", SYSTEM_DATABASE_URL="", REDIS_URL="")

    wrong, _ = json.loads(ended.stdout)
    assert (ended.returncode, wrong["check"]) == (1, "settings")
    assert [line for line in wrong["detail"].splitlines() if line.startswith("  ")] == [
        "  SYSTEM_DATABASE_URL: is required",
        "  REDIS_URL: is required",
    ]


@pytest.mark.parametrize("owners_url", [True, False])
async def test_an_old_schema_hides_no_check_that_can_run(
    settings: Settings, database: ThrowawayDatabase, *, owners_url: bool
) -> None:
    await execute(database, "UPDATE alembic_version SET version_num = '0004'; DROP TABLE ticks")
    ended = doctor(settings, "--json", **({} if owners_url else {"MIGRATION_DATABASE_URL": ""}))

    expected = dict.fromkeys(CHECKS, True) | {"migrations": False, "fleet": None}
    assert (ended.returncode, outcomes(ended)) == (1, expected)
    assert details(ended)["fleet"] == "not checked: because of migrations"
    assert "run `pixecom migrate`" in details(ended)["migrations"]


async def test_missing_token_keys_hide_neither_clock_nor_fleet(settings: Settings) -> None:
    await store_tokens(settings)
    key = base64.b64encode(bytes(range(32))).decode()
    ended = doctor(settings, "--json", TOKEN_ENCRYPTION_KEYS=f"new:{key}")

    assert outcomes(ended) == dict.fromkeys(CHECKS, True) | {"token keys": False}


def test_swapped_roles_are_named_on_both_sides(settings: Settings, database: ThrowawayDatabase) -> None:
    ended = doctor(settings, "--json", DATABASE_URL=database.system_url, SYSTEM_DATABASE_URL=database.app_url)

    found = details(ended)
    swapped = "Are DATABASE_URL and SYSTEM_DATABASE_URL swapped?"
    assert found["database"] == f"DATABASE_URL connects as pixecom_system and must connect as pixecom_app. {swapped}"
    assert found["system database"] == (
        f"SYSTEM_DATABASE_URL connects as pixecom_app and must connect as pixecom_system. {swapped}"
    )
    assert list(found) == CHECKS
    assert [check for check, ok in outcomes(ended).items() if ok is False] == ["database", "system database"]


async def test_where_roles_are_swapped_nothing_is_said_of_what_they_can_not_see(
    settings: Settings, database: ThrowawayDatabase
) -> None:
    await store_tokens(settings)
    ended = doctor(settings, "--json", DATABASE_URL=database.system_url, SYSTEM_DATABASE_URL=database.app_url)

    assert details(ended)["token keys"] == "not checked: because of database"
    assert outcomes(ended)["token keys"] is None


def test_a_database_that_refuses_the_connection_is_not_to_be_started(settings: Settings) -> None:
    url = make_url(settings.database_url.get_secret_value()).set(password="very-secret")  # a wrong one
    ended = doctor(settings, "--json", DATABASE_URL=url.render_as_string(hide_password=False))

    assert details(ended)["database"].endswith("); correct DATABASE_URL.")
    assert "refuses the connection (password authentication failed" in details(ended)["database"]
    assert "very-secret" not in ended.stdout + ended.stderr


def test_an_unreachable_database_is_told_once(settings: Settings) -> None:
    port = find_free_port()
    ended = doctor(settings, "--json", DATABASE_URL=f"postgresql://pixecom_app:very-secret@127.0.0.1:{port}/none")

    assert [check for check, ok in outcomes(ended).items() if ok is False] == ["database"]
    assert {check for check, ok in outcomes(ended).items() if ok is None} == {"durability", *ON_DATABASE}
    assert details(ended)["clock"] == "not checked: because of database"
    assert details(ended)["database"].endswith("); start it or correct DATABASE_URL.")
    assert "very-secret" not in ended.stdout + ended.stderr


def test_an_unreachable_owners_url_hides_no_other_check(settings: Settings) -> None:
    url = f"postgresql://pixecom_owner@127.0.0.1:{find_free_port()}/none"
    ended = doctor(settings, "--json", MIGRATION_DATABASE_URL=url)

    assert outcomes(ended) == dict.fromkeys(CHECKS, True) | {"migrations": False}


def test_where_the_disk_is_wrong_no_url_is_blamed(settings: Settings, tmp_path: Path) -> None:
    url = f"postgresql://pixecom_app@127.0.0.1:{find_free_port()}/none"
    ended = doctor(settings, "--json", DATABASE_URL=url, DATA_DIRECTORY=str(tmp_path / "none"))

    found = details(ended)
    assert list(found)[:3] == ["settings", "disk", "database"]
    assert found["database"].endswith("); this may be because of disk.")
    assert "correct DATABASE_URL" not in ended.stdout


async def test_a_table_that_a_role_may_not_read_is_a_finding(settings: Settings, database: ThrowawayDatabase) -> None:
    await execute(database, "REVOKE SELECT ON ticks FROM pixecom_app")
    ended = doctor(settings, "--json")

    assert [check for check, ok in outcomes(ended).items() if not ok] == ["fleet"]
    assert "permission denied for table ticks" in details(ended)["fleet"]
