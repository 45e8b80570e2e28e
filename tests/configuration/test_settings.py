from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest

from app.configuration.settings import Environment, LogFormat, Settings, load_settings
from app.errors import SetupError
from app.serving.limits import ConnectionLimits

if TYPE_CHECKING:
    from collections.abc import Generator

KEY = base64.b64encode(hashlib.sha256(b"a key for tests").digest()).decode()
APP, SYSTEM, OWNER, REDIS = "Xk2vR9mTqLw7", "bN4zHs8uYcP1", "Jd6fGa3eWoV0", "hT5yZm1xKrB9"
REQUIRED = {
    "DATABASE_URL": f"postgresql://app:{APP}@127.0.0.1:1/none",
    "SYSTEM_DATABASE_URL": f"postgres://system:{SYSTEM}@127.0.0.1:1/none",
    "REDIS_URL": f"redis://:{REDIS}@127.0.0.1:1/0",
    "AUTH_SECRET": "v8YqJ2mZ5tKxR1cWb7NfLd3hPs6gUe9o",
    "TOKEN_ENCRYPTION_KEYS": f"k1:{KEY}",
}
OPTIONAL_SECRETS = {
    "MIGRATION_DATABASE_URL": f"postgresql+asyncpg://owner:{OWNER}@127.0.0.1:1/none",
    "META_APP_ID": "1234567890",
    "META_APP_SECRET": "0a91c5e7d3b8f264",
}
LIMITS = (
    "max_header_bytes",
    "max_headers",
    "header_seconds",
    "body_seconds",
    "body_bytes_per_second",
    "stalled_seconds",
    "keep_alive_seconds",
    "max_connections",
    "max_connections_per_address",
)
KEYS = "must be key_id:base64 of 32 bytes, comma separated"
SECRETS = (APP, SYSTEM, REDIS, OWNER, REQUIRED["AUTH_SECRET"], KEY, OPTIONAL_SECRETS["META_APP_SECRET"])


def _variable(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else name.upper()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Generator[pytest.MonkeyPatch]:
    """Every setting that is required, and no other; what `load_settings` remembers is forgotten around each test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(_variable(name), raising=False)
    for variable, value in REQUIRED.items():
        monkeypatch.setenv(variable, value)
    load_settings.cache_clear()
    yield monkeypatch
    load_settings.cache_clear()


def _complaints(environment: pytest.MonkeyPatch, **variables: str) -> list[str]:
    """The lines of the refusal between its first and its last."""
    for variable, value in variables.items():
        environment.setenv(variable, value)
    with pytest.raises(SetupError) as caught:
        load_settings()
    first, *lines, last = str(caught.value).splitlines()
    assert first == "These settings need attention:"
    assert last == "Set them in the environment; app/OPERATIONS.md lists them all."
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return lines


def test_what_is_required_suffices() -> None:
    settings = load_settings()
    assert settings.database_url.get_secret_value() == f"postgresql+asyncpg://app:{APP}@127.0.0.1:1/none"
    assert settings.system_database_url.get_secret_value() == f"postgresql+asyncpg://system:{SYSTEM}@127.0.0.1:1/none"
    assert settings.redis_url.get_secret_value() == REQUIRED["REDIS_URL"]
    assert load_settings() is settings


def test_defaults() -> None:
    settings = load_settings()
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.log_format is LogFormat.AUTO
    assert settings.migration_database_url is None
    assert settings.meta_app_secret is None
    assert settings.meta_graph_url == "https://graph.facebook.com"
    assert settings.meta_api_version == "v27.0"
    assert settings.access_token_minutes == 15
    assert settings.max_body_bytes == 400_000
    assert settings.demo_login is False
    assert settings.stats_interval_minutes == 15
    assert settings.delivery_interval_minutes == 5
    assert settings.backfill_days == 90
    assert settings.raw_retention_days == 400
    assert (settings.worker_health_host, settings.worker_health_port) == ("127.0.0.1", 3001)
    assert (settings.scheduler_health_host, settings.scheduler_health_port) == ("127.0.0.1", 3002)
    assert settings.job_lease_seconds == 30


@pytest.mark.parametrize("environment_name", ["development", "production"])
@pytest.mark.parametrize("variable", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
def test_secrets_are_required(
    environment: pytest.MonkeyPatch, environment_name: str, variable: str, value: str | None
) -> None:
    environment.setenv("PIXECOM_ENV", environment_name)
    environment.delenv(variable)
    if value is not None:
        environment.setenv(variable, value)
    assert _complaints(environment) == [f"  {variable}: is required"]


def test_all_that_is_missing_is_told_at_once(environment: pytest.MonkeyPatch) -> None:
    for variable in REQUIRED:
        environment.delenv(variable)
    assert _complaints(environment) == [f"  {variable}: is required" for variable in REQUIRED]


def test_all_that_is_wrong_is_told_at_once(environment: pytest.MonkeyPatch) -> None:
    lines = _complaints(
        environment,
        PIXECOM_ENV="staging",
        DATABASE_URL="mysql://app:pw-of-app@127.0.0.1/none",
        SYSTEM_DATABASE_URL="pw-of-system",
        MIGRATION_DATABASE_URL="://pw-of-owner",
        REDIS_URL="http://:pw-of-redis@127.0.0.1",
        LOG_LEVEL="LOUD",
        DATABASE_POOL_SIZE="many",
        AUTH_SECRET="a-secret-too-short",
        TOKEN_ENCRYPTION_KEYS="k1:AAAA",
        META_GRAPH_URL="graph.facebook.com",
        META_API_VERSION="26",
        WORKER_HEALTH_PORT="65536",
        JOB_LEASE_SECONDS="0",
    )
    postgres = "must be a PostgreSQL URL, such as postgresql://user:password@host:5432/database"
    assert lines == [
        "  PIXECOM_ENV: Input should be 'development' or 'production'",
        "  LOG_LEVEL: must be DEBUG, INFO, WARNING, ERROR or CRITICAL",
        f"  DATABASE_URL: {postgres}",
        f"  SYSTEM_DATABASE_URL: {postgres}",
        f"  MIGRATION_DATABASE_URL: {postgres}",
        "  REDIS_URL: must be a Redis URL, such as redis://:password@host:6379/0",
        "  DATABASE_POOL_SIZE: Input should be a valid integer, unable to parse string as an integer",
        "  AUTH_SECRET: must have at least 32 characters",
        f"  TOKEN_ENCRYPTION_KEYS: {KEYS}: the key of entry 1 has 3 bytes",
        "  META_GRAPH_URL: must start with http:// or https://",
        r"  META_API_VERSION: String should match pattern '^v\d+\.\d+$'",
        "  WORKER_HEALTH_PORT: Input should be less than or equal to 65535",
        "  JOB_LEASE_SECONDS: Input should be greater than 0",
    ]


@pytest.mark.parametrize("environment_name", ["development", "production"])
@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        (f"k1:{base64.b64encode(bytes(range(16))).decode()}", "the key of entry 1 has 16 bytes"),
        (f"k1:{KEY},k1:{KEY}", "entry 2 repeats an id"),
        (KEY, "entry 1 has no id of 1 to 32 letters, digits, '-' or '_'"),
        (f"k1:{KEY},k2:hunter2-hunter2", "the key of entry 2 is not base64"),
    ],
)
def test_malformed_keys_are_told_with_the_other_settings(
    environment: pytest.MonkeyPatch, environment_name: str, keys: str, fault: str
) -> None:
    lines = _complaints(environment, PIXECOM_ENV=environment_name, TOKEN_ENCRYPTION_KEYS=keys, AUTH_SECRET="short")
    assert lines == [
        "  AUTH_SECRET: must have at least 32 characters",
        f"  TOKEN_ENCRYPTION_KEYS: {KEYS}: {fault}",
    ]


@pytest.mark.parametrize("level", ["debug", "WARNING", "Error"])
def test_a_log_level_may_be_written_either_way(environment: pytest.MonkeyPatch, level: str) -> None:
    environment.setenv("LOG_LEVEL", level)
    assert load_settings().log_level == level.upper()


@pytest.mark.parametrize("variable", [*REQUIRED, "MIGRATION_DATABASE_URL", "META_GRAPH_URL"])
def test_a_refusal_shows_no_value(environment: pytest.MonkeyPatch, variable: str) -> None:
    secret = "hunter2-hunter2"
    lines = _complaints(environment, **{variable: secret, "DATABASE_POOL_SIZE": secret, "LOG_FORMAT": secret})
    assert len(lines) >= 2
    assert secret not in "".join(lines)


def test_no_secret_is_in_a_repr(environment: pytest.MonkeyPatch) -> None:
    for variable, value in OPTIONAL_SECRETS.items():
        environment.setenv(variable, value)
    settings = load_settings()
    for shown in (
        repr(settings),
        str(settings),
        f"{settings}",
        settings.model_dump_json(),
        repr(settings.model_dump()),
    ):
        assert "**********" in shown
        assert [secret for secret in SECRETS if secret in shown] == []


def test_settings_stay_as_they_are() -> None:
    with pytest.raises(ValueError, match="Instance is frozen"):
        load_settings().demo_login = True


def test_the_demo_login_is_refused_in_production(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DEMO_LOGIN", "true")
    assert load_settings().demo_login is True
    load_settings.cache_clear()
    (line,) = _complaints(environment, PIXECOM_ENV="production")
    assert line.endswith("DEMO_LOGIN: must not be set in production")


@pytest.mark.parametrize(
    ("environment_name", "choice", "served"),
    [
        ("development", None, True),
        ("production", None, False),
        ("development", "false", False),
        ("production", "true", True),
    ],
)
def test_graphiql_and_introspection_are_for_development(
    environment: pytest.MonkeyPatch, environment_name: str, choice: str | None, *, served: bool
) -> None:
    environment.setenv("PIXECOM_ENV", environment_name)
    if choice:
        environment.setenv("GRAPHIQL", choice)
        environment.setenv("INTROSPECTION", choice)
    settings = load_settings()
    assert (settings.graphiql_on, settings.introspection_on) == (served, served)


def test_the_graph_url_ends_without_a_slash(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("META_GRAPH_URL", "http://127.0.0.1:9000/")
    assert load_settings().meta_graph_url == "http://127.0.0.1:9000"


def test_snapshots_are_kept_no_longer_than_there_are_partitions(environment: pytest.MonkeyPatch) -> None:
    assert _complaints(environment, RAW_RETENTION_DAYS="401") == [
        "  RAW_RETENTION_DAYS: Input should be less than or equal to 400"
    ]
    environment.setenv("RAW_RETENTION_DAYS", "400")
    assert load_settings().raw_retention_days == 400


def test_a_bad_port_is_named_without_any_of_the_url(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "postgresql://app:hunter2@host:x/pixecom")
    with pytest.raises(SetupError) as refusal:
        load_settings()
    assert "  DATABASE_URL: must be a PostgreSQL URL" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({}, 0.0),
        ({"PIXECOM_ENV": "production"}, 5.0),
        ({"PIXECOM_ENV": "production", "DRAIN_SECONDS": "0"}, 0.0),
        ({"DRAIN_SECONDS": "12.5"}, 12.5),
    ],
)
def test_an_api_drains_in_production_or_when_told(
    environment: pytest.MonkeyPatch, variables: dict[str, str], seconds: float
) -> None:
    for variable, value in variables.items():
        environment.setenv(variable, value)
    assert load_settings().seconds_to_drain == seconds


def test_the_limits_of_connections_are_those_of_the_settings() -> None:
    assert ConnectionLimits.of(load_settings()) == ConnectionLimits()


def test_limits_of_connections_have_bounds(environment: pytest.MonkeyPatch) -> None:
    names = [*(name.upper() for name in LIMITS), "DRAIN_SECONDS", "METRICS_PORT"]
    complaints = _complaints(environment, **dict.fromkeys(names, "-1"))
    assert {line.strip().partition(":")[0] for line in complaints} == set(names)


@pytest.mark.parametrize(
    "value",
    [
        "0.0.0.0/1,128.0.0.0/1",
        "128.0.0.0/2,0.0.0.0/2",
        "::/2,8000::/1",
        "*",
        "0.0.0.0/0",
        "::/0",
        "proxy.example",
        "10.0.0.1/8",
        "10.0.0.1,",
        "127.0.0.1,none",
    ],
)
def test_a_proxy_is_named_by_its_address(environment: pytest.MonkeyPatch, value: str) -> None:
    [complaint] = _complaints(environment, TRUSTED_PROXIES=value)
    assert complaint.startswith("  TRUSTED_PROXIES: must be addresses and networks such as 10.0.0.0/8")


@pytest.mark.parametrize("value", ["none", "10.0.0.0/8", " 127.0.0.1 , fd00::/8", "10.0.0.0/8,10.0.0.0/8,0.0.0.0/2"])
def test_proxies(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("TRUSTED_PROXIES", value)
    assert load_settings().trusted_proxies == value.replace(" ", "")


@pytest.mark.parametrize("value", ["https://", "http://", "https:///v1", "https://:443", "https://[::1"])
def test_the_graph_url_names_a_host(environment: pytest.MonkeyPatch, value: str) -> None:
    assert _complaints(environment, META_GRAPH_URL=value) == [
        "  META_GRAPH_URL: must name a host, such as https://graph.facebook.com"
    ]


@pytest.mark.parametrize("variables", [{"LOGIN_PAUSE_SECONDS": "901"}, {"LOGIN_LONGEST_PAUSE_SECONDS": "29"}])
def test_the_longest_pause_is_no_shorter_than_the_first(
    environment: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    assert _complaints(environment, **variables) == [
        "  LOGIN_LONGEST_PAUSE_SECONDS: must be at least LOGIN_PAUSE_SECONDS, which is the first pause"
    ]


def test_an_app_id_comes_with_its_secret(environment: pytest.MonkeyPatch) -> None:
    complaints = _complaints(environment, PIXECOM_ENV="production", META_APP_ID="1234567890")
    assert complaints == ["  META_APP_SECRET: is required with META_APP_ID in production"]


@pytest.mark.parametrize("secret", ["a", "0" * 32, "<app-secret>"])
def test_an_app_secret_is_judged_as_one_that_meta_chose(environment: pytest.MonkeyPatch, secret: str) -> None:
    complaints = _complaints(environment, PIXECOM_ENV="production", META_APP_ID="1234567890", META_APP_SECRET=secret)
    assert complaints == ["  META_APP_SECRET: is not the app's secret; copy it from the app's dashboard at Meta"]


@pytest.mark.parametrize("around", [("", "  "), ("%20", ""), ("", "%09")])
def test_spaces_do_not_make_another_secret(environment: pytest.MonkeyPatch, around: tuple[str, str]) -> None:
    shared = REQUIRED["AUTH_SECRET"]
    first, last = around
    [line] = _complaints(
        environment,
        PIXECOM_ENV="production",
        DATABASE_URL=f"postgresql://app:{first}{shared}{last}@127.0.0.1:1/none",
        AUTH_SECRET=f" {shared} ",
    )
    assert line == "  AUTH_SECRET: has the same secret as DATABASE_URL; each needs its own"


GENERATED = "was generated by `pixecom up` for development; generate another one"
WORD = "contains a well-known word; generate a random one, for example with `openssl rand -base64 48`"
WEAK = "is too easy to guess; generate a random one, for example with `openssl rand -base64 48`"


def test_production_starts_with_good_secrets(environment: pytest.MonkeyPatch) -> None:
    for variable, value in OPTIONAL_SECRETS.items():
        environment.setenv(variable, value)
    environment.setenv("PIXECOM_ENV", "production")
    environment.setenv("CRON_SECRET", "q3Tz8LbVn5XwGf1KjRm7Yc2HsPd6EuA4")
    environment.setenv("ACCESS_TOKEN_MINUTES", "60")
    environment.setenv("META_GRAPH_URL", "http://127.0.0.1:8080")  # as through a proxy beside us
    assert load_settings().environment is Environment.PRODUCTION


def test_production_tells_all_that_it_refuses_at_once(environment: pytest.MonkeyPatch) -> None:
    shared = REQUIRED["AUTH_SECRET"]
    wrong = {
        "DATABASE_URL": "postgresql://app:pixecom-dev-Xk2vR9mTqLw7@127.0.0.1:1/none",
        "SYSTEM_DATABASE_URL": "postgresql://system:ch%61ngeme@127.0.0.1:1/none",
        "MIGRATION_DATABASE_URL": "postgresql://owner@127.0.0.1:1/none?password=aaaaaaaaaaaaaaaaaaaa",
        "REDIS_URL": f"redis://:{shared}@127.0.0.1:1/0",
        "AUTH_SECRET": shared,
        "TOKEN_ENCRYPTION_KEYS": f"k1:{KEY},old:{base64.b64encode(bytes(32)).decode()}",
        "META_APP_SECRET": shared,
        "CRON_SECRET": "my-Secret-my-other-words-in-a-row",
        "ACCESS_TOKEN_MINUTES": "61",
        "META_GRAPH_URL": "http://graph.example",
        "DEMO_LOGIN": "true",
    }
    lines = _complaints(environment, PIXECOM_ENV="production", **wrong)
    assert lines == [
        f"  DATABASE_URL: {GENERATED}",
        f"  SYSTEM_DATABASE_URL: {WORD}",
        f"  MIGRATION_DATABASE_URL: {WEAK}",
        "  AUTH_SECRET: has the same secret as REDIS_URL; each needs its own",
        (
            "  TOKEN_ENCRYPTION_KEYS: has a key that is not random bytes; generate one, "
            "for example with `openssl rand -base64 32`"
        ),
        "  ACCESS_TOKEN_MINUTES: must be at most 60 in production: a token can't be taken back",
        "  DEMO_LOGIN: must not be set in production",
        (
            "  META_GRAPH_URL: must start with https:// in production, unless it is on this machine: "
            "calls carry access tokens"
        ),
        "  META_APP_SECRET: has the same secret as REDIS_URL; each needs its own",
        f"  CRON_SECRET: {WORD}",
    ]
    shown = [value for name, value in wrong.items() if "SECRET" in name or "URL" in name]
    assert [value for value in [*shown, "changeme", "aaaa", "Xk2v"] if value in "".join(lines)] == []


def test_development_starts_with_the_same(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AUTH_SECRET", "pixecom-dev-" + "secret" * 6)
    environment.setenv("CRON_SECRET", "pixecom-dev-" + "secret" * 6)
    environment.setenv("TOKEN_ENCRYPTION_KEYS", f"dev1:{base64.b64encode(bytes(32)).decode()}")
    environment.setenv("ACCESS_TOKEN_MINUTES", "1440")
    assert load_settings().environment is Environment.DEVELOPMENT


@pytest.mark.parametrize("pair", [("DATABASE_URL", APP, "SYSTEM_DATABASE_URL"), ("REDIS_URL", REDIS, "DATABASE_URL")])
def test_roles_do_not_share_a_password(environment: pytest.MonkeyPatch, pair: tuple[str, str, str]) -> None:
    first, password, second = pair
    changed = REQUIRED[second].replace(APP, password).replace(SYSTEM, password)
    [line] = _complaints(environment, **{"PIXECOM_ENV": "production", second: changed})
    assert line.endswith("; each needs its own")
    assert first in line
    assert second in line


def test_servers_that_know_us_without_a_password_are_fine(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PIXECOM_ENV", "production")
    for name in ("DATABASE_URL", "SYSTEM_DATABASE_URL"):
        environment.setenv(name, f"postgresql://{name.lower()}@db.internal/pixecom")
    environment.setenv("REDIS_URL", "unix:///run/redis.sock")
    load_settings()
