"""Settings that are accepted and look like mistakes are pointed out, without their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app.cli.process.setting_doubts import list_doubts
from app.configuration.settings import Environment

if TYPE_CHECKING:
    from app.configuration.settings import Settings

USUAL = [
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "PWD",
    "SHELL",
    "USER",
    "TERM",
    "HOSTNAME",
    "TZ",
    "PORT",
    "HOST",
    "DEBUG",
    "LOG_FILE",
    "LOGNAME",
    "LOGIN_SHELL",
    "DATABASE_HOST",
    "DATABASE_NAME",
    "DATABASE_USER",
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_PASSWORD",
    "POSTGRES_PASSWORD",
    "PGPASSWORD",
    "PGDATABASE",
    "SECRET_KEY",
    "JWT_SECRET",
    "METRICS_ENABLED",
    "WORKER_PROCESSES",
    "WEB_CONCURRENCY",
    "KUBERNETES_SERVICE_HOST",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "AWS_ACCESS_KEY_ID",
    "SENTRY_DSN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "MAX_WORKERS",
    "EXPORT_DIR",
    "SCHEDULER_NAME",
    "READ_ONLY",
    "USER_ID",
    "SELLER_NAME",
    "MAIL",
    "XDG_DATA_HOME",
    "SSH_CONNECTION",
    "PIP_INDEX_URL",
    "NODE_ENV",
    "PIXECOM_COMMAND",
    "PIXECOM_PYTHON",
]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LOGIN_TRYS", "LOGIN_TRIES"),
        ("login_trys", "LOGIN_TRIES"),
        ("DATABASE_POOLSIZE", "DATABASE_POOL_SIZE"),
        ("PIXECOM_ENVIRONMENT", "PIXECOM_ENV"),
        ("TRUSTED_PROXYS", "TRUSTED_PROXIES"),
        ("WORKER_CONCURENCY", "WORKER_CONCURRENCY"),
        ("ACESS_TOKEN_MINUTES", "ACCESS_TOKEN_MINUTES"),
    ],
)
def test_a_misspelt_setting_is_told_with_the_one_that_is_meant(settings: Settings, name: str, meant: str) -> None:
    assert list_doubts(settings, [*USUAL, name]) == [
        f"{name.upper()} is no setting and has no effect; is {meant} meant?"
    ]


def test_other_programs_have_variables_too(settings: Settings) -> None:
    ours = [str(field.validation_alias or name).upper() for name, field in type(settings).model_fields.items()]
    assert list_doubts(settings, [*USUAL, *ours, "log_level"]) == []


REMOTE = "postgresql+asyncpg://app:Xk2vR9mTqLw7@{host}:5432/pixecom?{option}"
NO_ENCRYPTION = "DATABASE_URL turns encryption off, and its server is neither here nor in a private network."
NO_PASSWORD = (
    "REDIS_URL has no password, and its server is not on this machine: "
    "whatever reaches it can read and write the queue."
)


@pytest.mark.parametrize(
    ("host", "option", "doubts"),
    [
        ("db.example.com", "sslmode=disable", [NO_ENCRYPTION]),
        ("203.0.114.9", "ssl=disable", [NO_ENCRYPTION]),
        ("db.example.com", "ssl=require", []),
        ("db.example.com", "", []),
        ("10.1.2.3", "sslmode=disable", []),
        ("127.0.0.1", "sslmode=disable", []),
        ("db", "sslmode=disable", []),
        ("db.eu.internal", "sslmode=disable", []),
    ],
)
def test_a_database_that_is_reached_unencrypted(settings: Settings, host: str, option: str, doubts: list[str]) -> None:
    url = SecretStr(REMOTE.format(host=host, option=option))
    changed = settings.model_copy(update={"environment": Environment.PRODUCTION, "database_url": url})
    assert list_doubts(changed, ()) == doubts
    assert list_doubts(changed.model_copy(update={"environment": Environment.DEVELOPMENT}), ()) == []


@pytest.mark.parametrize(
    ("url", "doubts"),
    [
        ("redis://redis.internal:6379/0", [NO_PASSWORD]),
        ("rediss://10.0.0.9:6379/0", [NO_PASSWORD]),
        ("redis://:hT5yZm1xKrB9@redis.internal:6379/0", []),
        ("redis://127.0.0.1:6379/0", []),
        ("redis://[::1]:6379/0", []),
        ("redis://localhost/0", []),
        ("unix:///run/redis.sock", []),
    ],
)
def test_a_redis_that_anyone_near_may_use(settings: Settings, url: str, doubts: list[str]) -> None:
    changed = {"environment": Environment.PRODUCTION, "redis_url": SecretStr(url)}
    assert list_doubts(settings.model_copy(update=changed), ()) == doubts


def test_an_app_secret_without_its_id(settings: Settings) -> None:
    changed = {"environment": Environment.PRODUCTION, "meta_app_secret": SecretStr("0a91c5e7d3b8f264")}
    assert list_doubts(settings.model_copy(update=changed), ()) == [
        "META_APP_SECRET is set without META_APP_ID: access tokens can't be checked."
    ]
