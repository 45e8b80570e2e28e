"""`check stats` tells agreement from difference, for people and for machines, and repairs when it is told to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from app.database.transactions import tenant_transaction
from app.services.context import open_services
from graphql_schema.types.global_id import global_id
from tests.cli.running import run_pixecom
from tests.services.shop import TODAY, add_seller, sandbox_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncGenerator

    from app.configuration.settings import Settings
    from tests.services.shop import Shop


@pytest.fixture
async def shop(settings: Settings) -> AsyncGenerator[Shop]:
    """A seller whose stats are synced."""
    async with open_services(settings, process="tests") as services:
        with sandbox_for(services, await add_seller(services)) as opened:
            await opened.connect()
            await opened.sync()
            yield opened


async def spoil(shop: Shop) -> None:
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await driver.execute("UPDATE ad_stats_daily SET impressions = 1 WHERE level = 0 AND stat_date = $1", TODAY)


def check(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_pixecom(settings, "check", "stats", *arguments)


async def test_people_are_told_that_all_agree(shop: Shop) -> None:
    ended = check(shop.services.settings, "--seller", "shop", "--text")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "1 seller with statistics: everything agrees.\n"


async def test_differences_are_named_and_repaired(shop: Shop) -> None:
    await spoil(shop)
    ended = check(shop.services.settings, "--json")
    found = json.loads(ended.stdout)
    assert (ended.returncode, found["differences"], found["repaired"]) == (1, 1, 0)
    (difference,) = found["first"]
    assert (difference["seller"], difference["table"], difference["level"], difference["day"]) == (
        "shop",
        "ad_stats_daily",
        "ACCOUNT",
        TODAY.isoformat(),
    )
    assert (difference["expected"]["impressions"], difference["found"]["impressions"]) == (90, 1)
    people = check(shop.services.settings, "--text")
    assert people.returncode == 1
    assert difference["entityId"] == global_id("AdAccount", UUID(difference["entity"]))
    assert difference["entityId"] in people.stdout
    assert "impressions 90 impressions 1" in " ".join(people.stdout.split())
    repaired = check(shop.services.settings, "--repair", "--json")
    assert (repaired.returncode, json.loads(repaired.stdout)["repaired"]) == (0, 1)
    assert check(shop.services.settings).returncode == 0


async def test_rows_of_the_future_are_named_and_taken_back(shop: Shop) -> None:
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        await driver.execute(
            "UPDATE stats_fetches SET fetched_at = now() + interval '1 day' WHERE stat_date = $1", TODAY
        )
    ended = check(shop.services.settings, "--json")
    (future,) = json.loads(ended.stdout)["future"]
    assert ended.returncode == 1
    del future["latest"]
    assert future == {
        "seller": "shop",
        "connection": "Account 1",
        "table": "stats_fetches",
        "rows": 4,
        "from": TODAY.isoformat(),
        "to": TODAY.isoformat(),
        "repaired": False,
    }
    people = check(shop.services.settings, "--text")
    assert people.returncode == 1
    assert people.stdout.startswith("4 rows have a time in the future: a machine with a wrong clock wrote them.")
    assert check(shop.services.settings, "--repair").returncode == 0
    again = check(shop.services.settings, "--json")
    assert (again.returncode, json.loads(again.stdout)["future"]) == (0, [])


async def test_a_seller_that_is_not_there_is_said_to_be_none(settings: Settings) -> None:
    ended = check(settings, "--seller", "nobody")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("There is no seller 'nobody'. ")
