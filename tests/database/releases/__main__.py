"""Writes what a release leaves in a database, for the test that takes it to the newest schema.

At a release: `.venv/bin/python -m tests.database.releases 0.2.0`. The file of a release is never written again; one of
an older schema comes of `--revision`, as long as the rows below fit it. Nothing is random but ids, salts and nonces.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from app.auth.passwords import hash_password
from app.auth.token_cipher import TokenCipher, token_context
from app.database.migration import upgrade
from app.embedded.identity import packaged_binaries
from app.embedded.throwaway import get_servers, stop_servers
from app.services.context import open_services
from tests.database.releases.contents import EMAIL, KEYS, PASSWORD, TOKEN, settings_of
from tests.graphql_schema.golden_world import plant
from tests.graphql_schema.small_world import SmallWorld

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase
    from tests.graphql_schema.golden_world import GoldenWorld

FOLDER = Path(__file__).parent
EMPTY_PARTITION = """
SELECT inhrelid::regclass::text
FROM pg_inherits
WHERE inhparent = 'ad_stats_raw'::regclass
  AND pg_relation_size(inhrelid) = 0
LIMIT 1
"""


async def fill(database: ThrowawayDatabase) -> None:
    """The golden seller, with a login for its owner and a token for its first account."""
    settings = settings_of(database, "redis://127.0.0.1:1/0")
    async with open_services(settings, process="release") as services:
        world = SmallWorld(database, services)
        golden = await plant(world)
        await add_login(world, golden)
        await add_token(world, golden)
        while partition := await world.read(EMPTY_PARTITION):
            await world.write(f"DROP TABLE {partition}")


async def add_login(world: SmallWorld, golden: GoldenWorld) -> None:
    user_id = golden.tenant.user_id
    await world.write("UPDATE users SET password_hash = $1 WHERE id = $2", await hash_password(PASSWORD), user_id)
    await world.insert("login_emails", {"email": EMAIL, "user_id": user_id})


async def add_token(world: SmallWorld, golden: GoldenWorld) -> None:
    account = golden.accounts["Hanoi"]
    sealed = TokenCipher.from_settings(KEYS).encrypt(TOKEN, context=token_context(golden.tenant.seller_id, account))
    await world.write(
        "UPDATE fb_connections SET token_key_id = $1, token_ciphertext = $2 WHERE id = $3",
        sealed.key_id,
        sealed.ciphertext,
        account,
    )


def dump(database: ThrowawayDatabase) -> str:
    """Schema and rows as plain SQL, without what only psql understands."""
    url = make_url(database.owner_url)
    command = [str(packaged_binaries() / "pg_dump"), "--no-owner", "--no-comments", "--rows-per-insert=100"]
    connection = ["--host", str(url.host), "--port", str(url.port), "--username", str(url.username), str(url.database)]
    dumped = subprocess.run(
        [*command, *connection],
        env={**os.environ, "PGPASSWORD": url.password or ""},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line for line in dumped.stdout.splitlines() if line and not line.startswith(("--", "\\")))
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.database.releases", description=__doc__)
    parser.add_argument("release", help="such as 0.2.0")
    parser.add_argument("--revision", default="head", help="the schema's revision at that release")
    chosen = parser.parse_args()
    path = FOLDER / f"{chosen.release}.sql"
    if path.exists():
        parser.error(f"{path} is there: what a release has left does not change")
    with tempfile.TemporaryDirectory() as directory:
        servers = get_servers(Path(directory), run_process=os.getpid())
        try:
            database = asyncio.run(servers.create_database())
            upgrade(database.owner_url, chosen.revision)
            asyncio.run(fill(database))
            path.write_text(dump(database))
        finally:
            stop_servers(Path(directory))


if __name__ == "__main__":
    main()
