"""Commands by DATABASE_URL, where no `up` runs, and commands that join what `up` runs with all that it was told."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.auth.access_tokens import read_access_token
from app.cli.joining.instance import database_place
from app.cli.joining.instance_settings import settings_to_note
from app.embedded.passwords import ensure_secrets
from app.services.context import open_services
from tests.cli.running import environment_of, instance_on, run_pixecom, running_instance
from tests.services.shop import account, add_owner, add_seller, sandbox_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from app.cli.joining.instance import Instance
    from app.configuration.settings import Settings
    from tests.services.shop import Shop

ELSEWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def shop(settings: Settings) -> AsyncGenerator[Shop]:
    """A seller with one account, and a user."""
    async with open_services(settings, process="tests") as services:
        with sandbox_for(services, await add_seller(services), account()) as opened:
            await opened.connect()
            await add_owner(services, opened.seller_id)
            yield opened


def test_a_sync_and_a_backfill_work_by_database_url(shop: Shop, tmp_path: Path) -> None:
    there = ("--data-dir", str(tmp_path), "--json")
    days = ("--seller", "shop", "--from", "2026-03-01", "--to", "2026-03-02")
    for command in (("sync",), ("backfill", *days)):
        ended = run_pixecom(shop.services.settings, *command, *there)
        assert ended.returncode == 0, ended.stderr
        (run,) = json.loads(ended.stdout)
        assert run["seller"] == "shop"
        cancelled = run_pixecom(shop.services.settings, command[0], "--cancel", run["run"], *there)
        assert json.loads(cancelled.stdout)[0]["run"] == run["run"]


def test_a_token_by_database_url_is_for_somebody_named(shop: Shop, tmp_path: Path) -> None:
    there = ("--data-dir", str(tmp_path))
    ended = run_pixecom(shop.services.settings, "token", *there)
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        2,
        "",
        "Give --seller (for its first owner) or --email: whose token this is. The command is for operators.\n",
    )
    for who in (("--seller", "shop"), ("--email", "owner@shop.example")):
        ended = run_pixecom(shop.services.settings, "token", *who, *there)
        claims = read_access_token(ended.stdout.strip(), settings=shop.services.settings)
        assert (ended.returncode, claims.seller_id) == (0, shop.seller_id)


@pytest.fixture
def instance(shop: Shop) -> Instance:
    """What `up` notes that was given this database, and reaches the shop's platform."""
    return replace(
        instance_on(8000),
        settings={"META_GRAPH_URL": shop.url},
        given_secrets=["AUTH_SECRET", "DATABASE_URL"],
        database=database_place(shop.services.settings.database_url.get_secret_value()),
    )


@contextmanager
def up_runs(data: Path, instance: Instance) -> Generator[None]:
    with running_instance(data, instance):
        ensure_secrets(data)
        yield


async def test_tokens_are_checked_where_the_instance_has_them(shop: Shop, instance: Instance, tmp_path: Path) -> None:
    with up_runs(tmp_path, instance):
        ended = run_pixecom(shop.services.settings, "tokens", "check", "--json", "--data-dir", str(tmp_path))
        assert [each["token"] for each in json.loads(ended.stdout)] == ["ALIVE"]
        elsewhere = run_pixecom(
            shop.services.settings, "tokens", "check", "--data-dir", str(tmp_path), META_GRAPH_URL=ELSEWHERE
        )
    assert (elsewhere.returncode, elsewhere.stdout, elsewhere.stderr) == (
        2,
        "",
        f"META_GRAPH_URL is {ELSEWHERE} here and {shop.url} for the running instance: unset it here.\n",
    )
    assert await shop.value("SELECT health FROM fb_connections") == "HEALTHY"


def test_an_environment_of_ones_own_wins_with_a_warning(shop: Shop, instance: Instance, tmp_path: Path) -> None:
    with up_runs(tmp_path, instance):
        ended = run_pixecom(
            shop.services.settings, "token", "--data-dir", str(tmp_path), META_GRAPH_URL=ELSEWHERE, BACKFILL_DAYS="7"
        )
    assert ended.returncode == 0
    end = "for the running instance; this command uses its own value."
    assert ended.stderr.splitlines() == [
        f"Warning: BACKFILL_DAYS is 7 here and not set {end}",
        f"Warning: META_GRAPH_URL is {ELSEWHERE} here and {shop.url} {end}",
    ]


def test_a_secret_that_the_instance_was_given_is_asked_for(shop: Shop, instance: Instance, tmp_path: Path) -> None:
    given = replace(instance, given_secrets=["AUTH_SECRET", "META_APP_SECRET"])
    with up_runs(tmp_path, given):
        ended = run_pixecom(shop.services.settings, "tokens", "check", "--data-dir", str(tmp_path))
    assert (ended.returncode, ended.stderr) == (
        2,
        "The running instance was started with META_APP_SECRET, which it keeps to itself: set the same here.\n",
    )


def test_an_instance_on_another_database_is_not_joined(shop: Shop, instance: Instance, tmp_path: Path) -> None:
    with up_runs(tmp_path, replace(instance, database="127.0.0.1:5432/another")):
        ended = run_pixecom(shop.services.settings, "token", "--data-dir", str(tmp_path))
    assert ended.stderr.startswith("Give --seller")


def test_no_secret_is_noted(settings: Settings) -> None:
    secrets = {"META_APP_SECRET": "made-up-secret", "CRON_SECRET": "made-up-secret", **environment_of(settings)}
    plain = {"META_API_VERSION": "v26.0", "PIXECOM_ENV": "development"}
    hidden = {"META_GRAPH_URL": "http://user:made-up-pw@127.0.0.1:1"}
    assert settings_to_note(secrets | plain | hidden) == plain


def test_a_database_is_noted_without_who_uses_it() -> None:
    assert database_place("postgresql://app:made-up-pw@db.example/pixecom?ssl=require") == "db.example:5432/pixecom"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_one_place_by_all_its_names(host: str) -> None:
    assert database_place(f"postgresql+asyncpg://app:made-up-pw@{host}/pixecom") == "127.0.0.1:5432/pixecom"
