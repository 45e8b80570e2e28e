"""What a release has left in a database comes to the newest schema: its numbers, members and tokens are all there.

The files are made by `python -m tests.database.releases`; a new one is taken up by itself.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.auth.access_tokens import read_access_token
from app.auth.token_cipher import EncryptedToken, token_context
from app.clock import frozen
from app.database import migration
from app.database.tables import metadata
from app.database.transactions import driver_of
from app.services.context import open_services
from app.services.logins.login import log_in
from tests.database.opening import opened_engine
from tests.database.releases.contents import EMAIL, PASSWORD, TOKEN, settings_of
from tests.database.schema_outline import outline
from tests.database.wall_audit import audit, walls_of
from tests.graphql_schema.golden_figures import ALPHA
from tests.graphql_schema.golden_world import EVERY_METRIC, NOW, WEEK
from tests.graphql_schema.small_world import SmallWorld, Tenant

if TYPE_CHECKING:
    from app.database.driver import Driver
    from app.embedded.throwaway import ThrowawayDatabase

RELEASES = {path.stem: path.read_text() for path in sorted((Path(__file__).parents[1] / "releases").glob("*.sql"))}
SUMS = """
SELECT count(*), sum(spend_micros), sum(purchase_value_micros), sum(impressions), sum(purchases)
FROM {}
"""
QUESTION = f"""
query ($week: DateRangeInput!) {{
  viewer {{ role user {{ name }} seller {{ slug }} }}
  campaigns(range: $week, filter: {{name: "Alpha"}}) {{ nodes {{ metrics {{ {EVERY_METRIC} }} }} }}
  all: campaigns(range: $week, filter: {{currency: "USD"}}) {{ totalCount summary {{ spend purchases }} }}
}}
"""


async def restore(database: ThrowawayDatabase, dumped: str) -> None:
    async with opened_engine(database.owner_url) as engine, engine.connect() as connection:
        driver = await driver_of(connection)
        await driver.execute(dumped)
        await connection.invalidate()  # the script has set up its session for itself


async def upgrade(database: ThrowawayDatabase) -> None:
    await asyncio.to_thread(migration.upgrade, database.owner_url)
    await asyncio.to_thread(migration.check, database.owner_url)


async def sums(driver: Driver) -> list[tuple[object, ...]]:
    return [tuple(*await driver.fetch(SUMS.format(table))) for table in ("ad_stats_raw", "ad_stats_daily")]


async def rows(driver: Driver) -> dict[str, int]:
    """How many there are in each table of ours."""
    names = [row[0] for row in await driver.fetch("SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p')")]
    ours = sorted(set(names) & metadata.tables.keys())
    return {name: await driver.fetchval(f"SELECT count(*) FROM {name}") for name in ours}


def test_there_is_a_release() -> None:
    assert "0.1.0" in RELEASES


@pytest.mark.parametrize("release", RELEASES)
async def test_a_release_comes_to_the_newest_schema(
    empty_database: ThrowawayDatabase, database: ThrowawayDatabase, release: str, redis_url: str
) -> None:
    await restore(empty_database, RELEASES[release])
    async with opened_engine(empty_database.owner_url) as engine, engine.connect() as connection:
        driver = await driver_of(connection)
        numbers, counted = await sums(driver), await rows(driver)
        await upgrade(empty_database)
        assert (await sums(driver), {name: (await rows(driver))[name] for name in counted}) == (numbers, counted)
        assert await audit(driver, walls_of(metadata)) == []
        async with opened_engine(database.owner_url) as other, other.connect() as new:
            missing = set(await outline(await driver_of(new))) - set(await outline(driver))
        assert missing == set()
    # The golden seller's and a stranger's, as `golden_world` tells them.
    assert numbers[1][0] == 26
    assert counted["memberships"] == 2
    await read_as_its_owner(empty_database, redis_url)


async def read_as_its_owner(database: ThrowawayDatabase, redis_url: str) -> None:
    settings = settings_of(database, redis_url)
    async with open_services(settings, process="tests") as services:
        world = SmallWorld(database, services)
        entered = await log_in(services, email=EMAIL, password=PASSWORD, address="192.0.2.1")
        assert read_access_token(entered.access_token, settings=settings).role == "OWNER"

        key_id = await world.read("SELECT token_key_id FROM fb_connections WHERE token_key_id IS NOT NULL")
        sealed = await world.read("SELECT token_ciphertext FROM fb_connections WHERE token_key_id IS NOT NULL")
        account = await world.read("SELECT id FROM fb_connections WHERE token_key_id IS NOT NULL")
        context = token_context(entered.seller_id, account)
        opened = services.cipher.decrypt(EncryptedToken(key_id, sealed), context=context)
        assert opened.get_secret_value() == TOKEN.get_secret_value()

        with frozen(NOW):
            answer = await Tenant(world, entered.seller_id, entered.user_id).ask(QUESTION, week=WEEK)
    assert answer["viewer"] == {"role": "OWNER", "user": {"name": "golden owner"}, "seller": {"slug": "golden"}}
    assert answer["campaigns"]["nodes"] == [{"metrics": ALPHA}]
    # Alpha 100.125, Beta 50 and Coast 20 (8 + 12); Dune has none.
    assert answer["all"] == {"totalCount": 4, "summary": {"spend": "170.13", "purchases": 9}}
