"""Both embedded servers of one data directory, and the URLs by which a process of ours reaches them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.embedded.passwords import GeneratedSecrets, ensure_secrets
from app.embedded.ports import LOOPBACK
from app.embedded.postgres import Durability, PostgresServer, start_postgres
from app.embedded.roles import APP, DATABASE, OWNER, SUPERUSER, SYSTEM
from app.embedded.valkey import ValkeyServer, start_valkey

if TYPE_CHECKING:
    from app.embedded.data_directory import DataDirectory


@dataclass(frozen=True)
class DatabaseUrls:
    """One database, once for each role. They hold passwords: never log them."""

    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)
    system_url: str = field(repr=False)
    superuser_url: str = field(repr=False)


def database_urls(port: int, secrets: GeneratedSecrets, name: str = DATABASE) -> DatabaseUrls:
    """The URLs (for asyncpg under SQLAlchemy) of a database of the embedded server."""

    def url(role: str, password: str) -> str:
        return f"postgresql+asyncpg://{role}:{password}@{LOOPBACK}:{port}/{name}"

    return DatabaseUrls(
        owner_url=url(OWNER, secrets.owner_password),
        app_url=url(APP, secrets.app_password),
        system_url=url(SYSTEM, secrets.system_password),
        superuser_url=url(SUPERUSER, secrets.superuser_password),
    )


def redis_url(port: int, secrets: GeneratedSecrets, number: int = 0) -> str:
    """The URL of a logical database of the embedded Valkey; it holds a password."""
    return f"redis://:{secrets.valkey_password}@{LOOPBACK}:{port}/{number}"


@dataclass(frozen=True)
class EmbeddedServers:
    """Both running."""

    postgres: PostgresServer
    valkey: ValkeyServer
    secrets: GeneratedSecrets

    @property
    def database_urls(self) -> DatabaseUrls:
        return database_urls(self.postgres.port, self.secrets)

    @property
    def redis_url(self) -> str:
        return redis_url(self.valkey.port, self.secrets)

    def stop(self) -> None:
        """Valkey, then PostgreSQL, each in its orderly way."""
        self.valkey.stop()
        self.postgres.stop()


def start_servers(directory: DataDirectory, *, durability: Durability = Durability.DURABLE) -> EmbeddedServers:
    """Start both from the main thread; if one fails, none is left running."""
    secrets = ensure_secrets(directory.path)
    postgres = start_postgres(directory, secrets, durability=durability)
    try:
        valkey = start_valkey(directory, secrets.valkey_password)
    except BaseException:
        postgres.stop()
        raise
    return EmbeddedServers(postgres, valkey, secrets)
