"""`tokens` tells living tokens from dead ones and moves them under a new key, for people and for machines."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app.cli.reports import token_reports
from app.services.connections import token_survey
from app.services.context import open_services
from tests.services.shop import account, add_seller, sandbox_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from tests.services.shop import Shop

NEW_KEY = f"two:{base64.b64encode(bytes(range(32, 64))).decode()}"


@pytest.fixture
async def shop(settings: Settings) -> AsyncGenerator[Shop]:
    """A seller with two accounts."""
    async with open_services(settings, process="tests") as services:
        with sandbox_for(services, await add_seller(services), account("1"), account("2")) as opened:
            await opened.connect("1")
            await opened.connect("2")
            yield opened


def tokens(shop: Shop, *arguments: str, keys: str | None = None) -> subprocess.CompletedProcess[str]:
    settings = shop.services.settings
    secrets: dict[str, SecretStr] = {
        "DATABASE_URL": settings.database_url,
        "SYSTEM_DATABASE_URL": settings.system_database_url,
        "REDIS_URL": settings.redis_url,
        "AUTH_SECRET": settings.auth_secret,
        "TOKEN_ENCRYPTION_KEYS": SecretStr(keys) if keys else settings.token_encryption_keys,
    }
    revealed = {name: secret.get_secret_value() for name, secret in secrets.items()}
    return subprocess.run(
        [sys.executable, "-m", "app.cli.main", "tokens", *arguments],
        env={"PATH": os.environ["PATH"], "META_GRAPH_URL": shop.url, **revealed},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_living_tokens_are_told_from_dead_ones(shop: Shop) -> None:
    ended = tokens(shop, "check", "--text")
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "2 tokens: all are well.")
    async with httpx.AsyncClient() as client:
        dead = {"owner": "act_2", "after_calls": 0}
        (await client.post(f"{shop.url}/sandbox/tokens", json=dead)).raise_for_status()
    ended = tokens(shop, "check", "--seller", "shop", "--json")
    found = {each["externalId"]: each for each in json.loads(ended.stdout)}
    assert ended.returncode == 1
    assert {name: each["token"] for name, each in found.items()} == {"1": "ALIVE", "2": "DEAD"}
    assert (found["2"]["seller"], found["2"]["kind"], found["2"]["name"]) == ("shop", "AD_ACCOUNT", "Account 2")
    assert found["1"]["trouble"] is None
    assert found["2"]["trouble"]
    health = await shop.mapping("SELECT external_id, health FROM fb_connections")
    assert health == {"1": "HEALTHY", "2": "UNHEALTHY"}
    people = tokens(shop, "check", "--text")
    assert people.returncode == 1
    assert people.stdout.splitlines()[-1] == "2 tokens: 1 needs attention."
    assert [found[name]["connectionId"] in people.stdout for name in ("1", "2")] == [False, True]
    assert "token-of" not in ended.stdout + people.stdout + people.stderr


async def test_a_proxy_that_does_not_answer_is_named_and_not_waited_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A listening socket that accepts nobody: CONNECT is sent, and never answered."""
    monkeypatch.setattr(token_survey, "ANSWER_SECONDS", 1)
    monkeypatch.setattr(token_reports, "TOLD_AFTER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        settings = shop.services.settings.model_copy(update={"meta_graph_url": "https://graph.example"})
        monkeypatch.setattr(token_reports, "_settings", lambda: settings)
        started = time.monotonic()
        assert await token_reports.check_now(seller_slug=None, as_json=True) is False
        assert time.monotonic() - started < 30
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    asked = f"Meta, through the proxy {proxy},"
    assert [(each["token"], each["trouble"]) for each in found] == [
        ("UNKNOWN", f"{asked} did not answer within 1 s")
    ] * 2
    assert printed.err.splitlines() == [
        f"Waiting for {asked} to answer for shop's Account {name}; at most 30 s." for name in ("1", "2")
    ]


async def test_tokens_move_under_a_new_key(shop: Shop) -> None:
    old = shop.services.settings.token_encryption_keys.get_secret_value()
    lost = tokens(shop, "reencrypt", "--json", keys=NEW_KEY)
    assert (lost.returncode, json.loads(lost.stdout)) == (1, {"key": "two", "done": 0, "left": 2})
    ended = tokens(shop, "reencrypt", "--text", keys=f"{NEW_KEY},{old}")
    assert (ended.returncode, ended.stdout) == (0, "2 tokens re-encrypted with the key 'two'; 0 left.\n")
    assert await shop.rows("SELECT DISTINCT token_key_id FROM fb_connections") == [("two",)]
    assert tokens(shop, "check", keys=NEW_KEY).returncode == 0


async def test_a_seller_that_is_not_there_is_said_to_be_none(shop: Shop) -> None:
    ended = tokens(shop, "check", "--seller", "nobody")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("There is no seller 'nobody'. Active sellers: ")
