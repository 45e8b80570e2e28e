"""The environment that every process of a development instance gets. What the caller set stays as it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from app.embedded.ports import LOOPBACK
from app.embedded.urls import database_urls, redis_url
from app.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from app.embedded.passwords import GeneratedSecrets

DATABASE_SETTINGS = ("DATABASE_URL", "SYSTEM_DATABASE_URL", "MIGRATION_DATABASE_URL")


def given(name: str) -> str | None:
    """What the caller's environment says; empty is the same as nothing."""
    return os.environ.get(name) or None


def uses_own_postgres() -> bool:
    """Whether DATABASE_URL leaves the database to us; raises SetupError if it is given only in part."""
    if given("DATABASE_URL") is None:
        return True
    missing = [name for name in DATABASE_SETTINGS if given(name) is None]
    if missing:
        raise SetupError(
            f"With DATABASE_URL set, {' and '.join(missing)} must be set too: one URL for each of the roles "
            "pixecom_app, pixecom_system and pixecom_owner."
        )
    return False


def uses_own_valkey() -> bool:
    """Whether REDIS_URL leaves Redis to us."""
    return given("REDIS_URL") is None


def check_is_development(command: str) -> None:
    """Raise SetupError if the caller's environment says production: demo data and demo logins have no place there."""
    if given("PIXECOM_ENV") not in {None, "development"}:
        raise SetupError(
            f"`pixecom {command}` is for development only. Unset PIXECOM_ENV to use it; in production, run "
            "`pixecom api`, `pixecom worker` and `pixecom scheduler`."
        )


def development_environment(
    secrets: GeneratedSecrets,
    *,
    metrics_port: int,
    data_directory: Path,
    sandbox_port: int,
    worker_health_port: int,
    scheduler_health_port: int,
    postgres_port: int | None,
    valkey_port: int | None,
) -> dict[str, str]:
    """All variables for a child process. A port of None is for a server that the caller names."""
    ours = {
        "DATA_DIRECTORY": str(data_directory),
        "AUTH_SECRET": secrets.auth_secret,
        "TOKEN_ENCRYPTION_KEYS": secrets.token_encryption_keys,
        "META_GRAPH_URL": f"http://{LOOPBACK}:{sandbox_port}",
        # The sandbox is ours: a demo whose history waits for the calls of the next hour would show nothing.
        "META_CALLS_PER_HOUR": "10000",
        # Nor does a first start wait a minute, or two, for the totals of what it has just fetched.
        "ROLLUP_DELAY_SECONDS": "2",
        "METRICS_PORT": str(metrics_port),
        "WORKER_HEALTH_PORT": str(worker_health_port),
        "SCHEDULER_HEALTH_PORT": str(scheduler_health_port),
        "DEMO_LOGIN": "true",
        "PIXECOM_ENV": "development",
    }
    servers: dict[str, str] = {}
    if postgres_port is not None:
        urls = database_urls(postgres_port, secrets)
        servers |= dict(zip(DATABASE_SETTINGS, (urls.app_url, urls.system_url, urls.owner_url), strict=True))
    if valkey_port is not None:
        servers["REDIS_URL"] = redis_url(valkey_port, secrets)
    return {**ours, **{name: value for name, value in os.environ.items() if value}, **servers}
