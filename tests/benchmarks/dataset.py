"""The benchmark's own servers and the databases on them: each data set is made once and found again by its name.

The name holds a fingerprint of the migrations and of the generator: when either changes, the data set is made anew.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from app.configuration.settings import Settings
from app.database.migration import MIGRATIONS, upgrade
from app.embedded.data_directory import open_data_directory
from app.embedded.postgres import Durability
from app.embedded.roles import SUPERUSER, create_database
from app.embedded.servers import EmbeddedServers, start_servers
from app.embedded.session import open_session
from app.embedded.urls import database_urls
from tests.benchmarks.filling import fill
from tests.benchmarks.population import Seller, list_sellers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from app.embedded.session import Session
    from tests.benchmarks.population import Scale

HERE = Path(__file__).resolve().parent
DEFAULT_DIRECTORY = Path(tempfile.gettempdir()) / f"pixecom-benchmarks-{os.getuid()}"
GENERATOR = ("population.py", "daily_rows.py", "filling.py")
TOKEN_MINUTES = 24 * 60  # longer than any run
BOTTOMLESS = 10**12  # operations are charged as always, and no rate is ever reached


@dataclass(frozen=True)
class Dataset:
    """A filled database, and the environment of a process of the product that serves it."""

    scale: Scale
    sellers: list[Seller]
    postgres_version: str
    rows: int
    made_in: float | None
    """Seconds it took to make; None: it was there."""
    environment: dict[str, str] = field(repr=False)

    @property
    def settings(self) -> Settings:
        """The settings that those processes have."""
        return Settings.model_validate({name.lower(): value for name, value in self.environment.items()})


@contextmanager
def open_dataset(directory: Path, scale: Scale, seed: int) -> Generator[Dataset]:
    """Start the servers, make the data set if it is missing, and stop the servers at the end."""
    data = open_data_directory(directory, user="benchmarks")
    try:
        servers = start_servers(data, durability=Durability.THROWAWAY)
        try:
            yield _ensure(servers, scale, seed)
        finally:
            servers.stop()
    finally:
        data.close()


def _ensure(servers: EmbeddedServers, scale: Scale, seed: int) -> Dataset:
    name = f"bench_{scale.name}_{seed}_{_fingerprint()}"
    exists = asyncio.run(_ask(servers, lambda s: s.fetchval("SELECT true FROM pg_database WHERE datname = $1", name)))
    seconds = None if exists else _make(servers, name, scale, seed)
    version = asyncio.run(_ask(servers, lambda s: s.fetchval("SHOW server_version")))
    return Dataset(
        scale=scale,
        sellers=list_sellers(scale, seed),
        postgres_version=str(version),
        rows=scale.daily_rows,
        made_in=seconds,
        environment=_environment(servers, name),
    )


def _make(servers: EmbeddedServers, name: str, scale: Scale, seed: int) -> float:
    """In place of those with an older fingerprint; under another name until it is complete."""
    started, draft = time.monotonic(), f"{name}_draft"
    owner_url = database_urls(servers.postgres.port, servers.secrets, draft).owner_url
    asyncio.run(_ask(servers, lambda s: _drop_all(s, name.rpartition("_")[0] + "_")))
    asyncio.run(_ask(servers, lambda s: create_database(s, draft)))
    upgrade(owner_url)
    asyncio.run(fill(owner_url, scale, seed))
    asyncio.run(_ask(servers, lambda s: s.execute(f"ALTER DATABASE {draft} RENAME TO {name}")))
    return time.monotonic() - started


async def _drop_all(session: Session, prefix: str) -> None:
    """Drop the databases whose names begin so."""
    found = "SELECT datname FROM pg_database WHERE starts_with(datname, $1) LIMIT 1"
    while (name := await session.fetchval(found, prefix)) is not None:
        await session.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _ask(servers: EmbeddedServers, question: Callable[[Session], Awaitable[object]]) -> object:
    session = await open_session(
        port=servers.postgres.port, role=SUPERUSER, password=servers.secrets.superuser_password, database="postgres"
    )
    try:
        return await question(session)
    finally:
        await session.close()


def _fingerprint() -> str:
    digest = sha256()
    for path in (*sorted((MIGRATIONS / "versions").glob("*.py")), *(HERE / name for name in GENERATOR)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _environment(servers: EmbeddedServers, name: str) -> dict[str, str]:
    urls = database_urls(servers.postgres.port, servers.secrets, name)
    return {
        "GRAPHIQL": "false",  # production itself refuses the secrets of a development instance
        "INTROSPECTION": "false",
        "LOG_FORMAT": "json",
        "DATABASE_URL": urls.app_url,
        "SYSTEM_DATABASE_URL": urls.system_url,
        "REDIS_URL": servers.redis_url,
        "AUTH_SECRET": servers.secrets.auth_secret,
        "TOKEN_ENCRYPTION_KEYS": servers.secrets.token_encryption_keys,
        "ACCESS_TOKEN_MINUTES": str(TOKEN_MINUTES),
        "OPERATION_WAIT_SECONDS": "60",  # on a slow machine, a crowd of few users waits for longer than the default
        **{f"{payer}_COST_CAPACITY": str(BOTTOMLESS) for payer in ("USER", "SELLER")},
        **{f"{payer}_COST_PER_MINUTE": str(BOTTOMLESS) for payer in ("USER", "SELLER")},
    }
