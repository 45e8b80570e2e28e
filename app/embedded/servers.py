"""Both embedded servers of one data directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.embedded.passwords import GeneratedSecrets, ensure_secrets
from app.embedded.postgres import Durability, PostgresServer, start_postgres
from app.embedded.urls import DatabaseUrls, database_urls, redis_url
from app.embedded.valkey import ValkeyServer, start_valkey

if TYPE_CHECKING:
    from app.embedded.data_directory import DataDirectory


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
