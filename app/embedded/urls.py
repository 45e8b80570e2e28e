"""The URLs by which a process of ours reaches the embedded servers. Needs no driver: every command imports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.embedded.ports import LOOPBACK
from app.embedded.roles import APP, DATABASE, OWNER, SUPERUSER, SYSTEM

if TYPE_CHECKING:
    from app.embedded.passwords import GeneratedSecrets


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
