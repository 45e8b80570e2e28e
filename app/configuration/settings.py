"""Every setting of every process, from the environment, checked once at start.

`load_settings()` reports all wrong or missing values together. Nothing else reads the environment.
Secrets are `SecretStr`: their repr is masked, and they are required in production.
"""

from __future__ import annotations

from base64 import b64encode
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_network
from logging import getLevelNamesMapping
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.configuration.encryption_keys import parse_encryption_keys
from app.configuration.production_rules import (
    LONGEST_TOKEN_MINUTES,
    fault_of,
    is_plain_http_outside,
    leave_addresses_out,
    names_a_host,
)
from app.errors import SetupError

MIN_SECRET_LENGTH = 32
DRAIN_SECONDS = 5.0


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


# Secret settings in the order of their fields: a validator sees those before its own.
_SECRETS = (
    "database_url",
    "system_database_url",
    "migration_database_url",
    "redis_url",
    "auth_secret",
    "token_encryption_keys",
    "meta_app_secret",
    "cron_secret",
)


class Settings(BaseSettings):
    """Field names in capitals are the names of the environment variables."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Annotated[Environment, Field(validation_alias="PIXECOM_ENV")] = Environment.DEVELOPMENT
    log_level: str = "INFO"
    log_format: LogFormat = LogFormat.AUTO
    log_refusals_per_second: Annotated[float, Field(gt=0, le=1000)] = 2.0

    # Servers. The three roles are explained in app/database/roles.py.
    database_url: SecretStr
    system_database_url: SecretStr
    migration_database_url: SecretStr | None = None
    redis_url: SecretStr
    redis_pool_size: Annotated[int, Field(ge=4, le=1000)] = 32
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    clock_tolerance_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0

    # The disk to watch: where an instance of `pixecom up` keeps everything.
    data_directory: Path | None = None

    # Secrets.
    auth_secret: SecretStr
    token_encryption_keys: Annotated[
        SecretStr,
        Field(description="key_id:base64 of 32 bytes, comma separated; the first encrypts, all decrypt"),
    ]

    # API.
    access_token_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    graphiql: bool | None = None
    introspection: bool | None = None
    max_body_bytes: Annotated[int, Field(ge=1024)] = 400_000
    max_anonymous_body_bytes: Annotated[int, Field(ge=1024)] = 20_000
    max_header_bytes: Annotated[int, Field(ge=8192, le=1_048_576)] = 32_768
    max_headers: Annotated[int, Field(ge=20, le=1000)] = 100
    header_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    body_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    body_bytes_per_second: Annotated[int, Field(ge=1)] = 2_000
    stalled_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    keep_alive_seconds: Annotated[int, Field(ge=1, le=3600)] = 5
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 800
    max_connections_per_address: Annotated[int, Field(ge=0, le=100_000)] = 0
    drain_seconds: Annotated[float | None, Field(ge=0, le=300)] = None
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 9464
    max_range_days: Annotated[int, Field(ge=1)] = 1127
    max_document_length: Annotated[int, Field(ge=1000)] = 20_000
    max_document_tokens: Annotated[int, Field(ge=100)] = 2000
    max_document_operations: Annotated[int, Field(ge=1)] = 20
    max_document_fragments: Annotated[int, Field(ge=0)] = 50
    max_document_variables: Annotated[int, Field(ge=0)] = 50
    max_document_directives: Annotated[int, Field(ge=0)] = 50
    max_node_directives: Annotated[int, Field(ge=0)] = 4
    max_document_aliases: Annotated[int, Field(ge=0)] = 200
    max_root_fields: Annotated[int, Field(ge=1)] = 20
    max_document_depth: Annotated[int, Field(ge=1, le=50)] = 20
    max_document_fields: Annotated[int, Field(ge=1)] = 1000
    max_field_pairs: Annotated[int, Field(ge=1)] = 1000
    max_document_steps: Annotated[int, Field(ge=100)] = 5000
    max_anonymous_length: Annotated[int, Field(ge=100)] = 4000
    max_anonymous_tokens: Annotated[int, Field(ge=10)] = 500
    max_variables_depth: Annotated[int, Field(ge=1, le=100)] = 12
    max_variable_values: Annotated[int, Field(ge=1)] = 5000
    max_variable_length: Annotated[int, Field(ge=100)] = 10_000
    documents_kept: Annotated[int, Field(ge=1)] = 1000
    document_tokens_kept: Annotated[int, Field(ge=1)] = 60_000
    max_query_cost: Annotated[int, Field(ge=1)] = 2_000_000
    max_answer_values: Annotated[int, Field(ge=1)] = 200_000
    user_cost_capacity: Annotated[int, Field(ge=1)] = 20_000_000
    user_cost_per_minute: Annotated[int, Field(ge=1)] = 10_000_000
    seller_cost_capacity: Annotated[int, Field(ge=1)] = 50_000_000
    seller_cost_per_minute: Annotated[int, Field(ge=1)] = 25_000_000
    address_cost_capacity: Annotated[int, Field(ge=1)] = 400_000
    address_cost_per_minute: Annotated[int, Field(ge=1)] = 200_000
    user_job_capacity: Annotated[int, Field(ge=1)] = 200
    user_jobs_per_minute: Annotated[int, Field(ge=1)] = 60
    seller_job_capacity: Annotated[int, Field(ge=1)] = 400
    seller_jobs_per_minute: Annotated[int, Field(ge=1)] = 120
    seller_live_jobs: Annotated[int, Field(ge=1)] = 30_000
    document_token_capacity: Annotated[int, Field(ge=1)] = 100_000
    document_tokens_per_minute: Annotated[int, Field(ge=1)] = 60_000
    read_seconds: Annotated[float, Field(gt=0, le=3600)] = 15.0
    mutation_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    operations_per_user: Annotated[int, Field(ge=1)] = 2
    operations_per_seller: Annotated[int, Field(ge=1)] = 6
    operations_per_address: Annotated[int, Field(ge=1)] = 2
    anonymous_operations: Annotated[int, Field(ge=1)] = 4
    operation_wait_seconds: Annotated[float, Field(ge=0, le=60)] = 5.0
    export_concurrency: Annotated[int, Field(ge=1)] = 3
    export_seconds: Annotated[float, Field(gt=0)] = 600.0
    sockets_per_process: Annotated[int, Field(ge=1)] = 1000
    sockets_per_user: Annotated[int, Field(ge=1)] = 20
    anonymous_sockets: Annotated[int, Field(ge=1)] = 100
    socket_messages_per_second: Annotated[int, Field(ge=1)] = 20
    socket_bytes_per_second: Annotated[int, Field(ge=1)] = 50_000
    subscriptions_per_process: Annotated[int, Field(ge=1)] = 200
    subscriptions_per_socket: Annotated[int, Field(ge=1)] = 20
    membership_check_seconds: Annotated[float, Field(gt=0, le=5)] = 3.0
    demo_login: bool = False
    trusted_proxies: str = "127.0.0.1,::1"

    # Logins. Wrong passwords, unless said otherwise.
    login_tries: Annotated[int, Field(ge=1, le=1000)] = 10
    login_tries_per_account: Annotated[int, Field(ge=1, le=10_000)] = 20
    login_tries_per_address: Annotated[int, Field(ge=1, le=100_000)] = 30
    login_window_seconds: Annotated[int, Field(ge=1, le=24 * 3600)] = 900
    login_pause_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    login_longest_pause_seconds: Annotated[int, Field(ge=1, le=3600, validate_default=True)] = 900
    login_queue: Annotated[int, Field(ge=1, le=100)] = 8
    login_seconds: Annotated[float, Field(gt=0, le=60)] = 6.0
    login_events_days: Annotated[int, Field(ge=30, le=400)] = 90
    login_events_per_hour: Annotated[int, Field(ge=1, le=100_000)] = 1000

    # Meta.
    meta_graph_url: str = "https://graph.facebook.com"
    meta_api_version: Annotated[str, Field(pattern=r"^v\d+\.\d+$")] = "v27.0"
    meta_app_id: str | None = None
    meta_app_secret: Annotated[SecretStr | None, Field(validate_default=True)] = None
    meta_calls_per_hour: Annotated[int, Field(ge=1)] = 200
    meta_async_rows: Annotated[int, Field(ge=1)] = 20_000
    meta_report_timeout_seconds: Annotated[float, Field(gt=0)] = 3600.0
    meta_retry_pause_seconds: Annotated[float, Field(ge=0)] = 1.0

    # Background work.
    schedule: bool = True
    stats_interval_minutes: Annotated[int, Field(ge=1)] = 15
    delivery_interval_minutes: Annotated[int, Field(ge=1)] = 5
    structure_interval_minutes: Annotated[int, Field(ge=1)] = 60
    stats_window_days: Annotated[int, Field(ge=1, le=28)] = 4
    raw_retention_days: Annotated[int, Field(ge=35, le=400)] = 400  # snapshots have partitions 14 months back
    backfill_days: Annotated[int, Field(ge=0, le=1127)] = 90
    worker_concurrency: Annotated[int, Field(ge=1)] = 5
    worker_grace_seconds: Annotated[float, Field(gt=0)] = 30.0
    reading_process: bool = True
    worker_health_host: str = "127.0.0.1"
    worker_health_port: Annotated[int, Field(ge=0, le=65535)] = 3001
    scheduler_health_host: str = "127.0.0.1"
    scheduler_health_port: Annotated[int, Field(ge=0, le=65535)] = 3002
    job_lease_seconds: Annotated[float, Field(gt=0)] = 30.0
    dispatch_interval_seconds: Annotated[float, Field(gt=0)] = 1.0
    rollup_delay_seconds: Annotated[float, Field(ge=0)] = 60.0
    leaderboard_size: Annotated[int, Field(ge=1, le=100)] = 50
    jobs_kept_completed: Annotated[int, Field(ge=1)] = 100
    jobs_kept_failed: Annotated[int, Field(ge=1)] = 50
    cron_secret: SecretStr | None = None

    @field_validator("database_url", "system_database_url", "migration_database_url")
    @classmethod
    def _asyncpg_url(cls, value: SecretStr | None) -> SecretStr | None:
        return value and _for_asyncpg(value)

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            message = "must be a Redis URL, such as redis://:password@host:6379/0"
            raise ValueError(message)
        return value

    @field_validator("auth_secret", "cron_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_SECRET_LENGTH:
            message = f"must have at least {MIN_SECRET_LENGTH} characters"
            raise ValueError(message)
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in getLevelNamesMapping():
            message = "must be DEBUG, INFO, WARNING, ERROR or CRITICAL"
            raise ValueError(message)
        return value.upper()

    @field_validator("token_encryption_keys")
    @classmethod
    def _well_formed_keys(cls, value: SecretStr) -> SecretStr:
        parse_encryption_keys(value.get_secret_value())
        return value

    @field_validator("meta_graph_url")
    @classmethod
    def _without_slash(cls, value: str, info: ValidationInfo) -> str:
        if not value.startswith(("http://", "https://")):
            message = "must start with http:// or https://"
            raise ValueError(message)
        if not names_a_host(value):
            message = "must name a host, such as https://graph.facebook.com"
            raise ValueError(message)
        if _is_production(info) and is_plain_http_outside(value):
            message = "must start with https:// in production, unless it is on this machine: calls carry access tokens"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("meta_app_secret")
    @classmethod
    def _there_with_its_id(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("meta_app_id") and _is_production(info):
            message = "is required with META_APP_ID in production"
            raise ValueError(message)
        return value

    @field_validator("login_longest_pause_seconds")
    @classmethod
    def _no_shorter_than_the_first(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("login_pause_seconds", value):
            message = "must be at least LOGIN_PAUSE_SECONDS, which is the first pause"
            raise ValueError(message)
        return value

    @field_validator("access_token_minutes")
    @classmethod
    def _short_lived(cls, value: int, info: ValidationInfo) -> int:
        if _is_production(info) and value > LONGEST_TOKEN_MINUTES:
            message = f"must be at most {LONGEST_TOKEN_MINUTES} in production: a token can't be taken back"
            raise ValueError(message)
        return value

    @field_validator(*_SECRETS)
    @classmethod
    def _fit_for_production(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None or info.field_name is None or not _is_production(info):
            return value
        before = {name: info.data.get(name) for name in _SECRETS}
        others = {name: secret.get_secret_value() for name, secret in before.items() if secret is not None}
        fault = fault_of(info.field_name, value.get_secret_value(), others)
        if fault:
            raise ValueError(fault)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        """As uvicorn takes them; what it can't read it would ignore in silence."""
        named = [item.strip() for item in value.split(",")]
        if named != ["none"] and not (all(map(_is_network, named)) and leave_addresses_out(named)):
            message = (
                "must be addresses and networks such as 10.0.0.0/8, comma separated and not all there are, or none"
            )
            raise ValueError(message)
        return ",".join(named)

    @field_validator("demo_login")
    @classmethod
    def _demo_is_for_development(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001  # as pydantic calls it
        if value and _is_production(info):
            message = "must not be set in production"
            raise ValueError(message)
        return value

    @property
    def graphiql_on(self) -> bool:
        """GraphiQL is served: as set, otherwise outside production only."""
        return self.graphiql if self.graphiql is not None else self.environment is not Environment.PRODUCTION

    @property
    def introspection_on(self) -> bool:
        """Introspection is answered: as set, otherwise outside production only."""
        return self.introspection if self.introspection is not None else self.environment is not Environment.PRODUCTION

    @property
    def seconds_to_drain(self) -> float:
        """How long the api serves on after it is told to end: as set, otherwise only in production."""
        if self.drain_seconds is not None:
            return self.drain_seconds
        return DRAIN_SECONDS if self.environment is Environment.PRODUCTION else 0.0


def _made_up_keys() -> SecretStr:
    return SecretStr(f"made-up:{b64encode(token_bytes(32)).decode()}")


class InspectionSettings(Settings):
    """What `status` and `doctor` need: they sign and decrypt nothing. Secrets for that are made up if unset."""

    auth_secret: SecretStr = Field(default_factory=lambda: SecretStr(token_urlsafe(48)))
    token_encryption_keys: SecretStr = Field(default_factory=_made_up_keys)

    @property
    def made_up(self) -> tuple[str, ...]:
        """The names of the secrets that are not set."""
        secrets = ("auth_secret", "token_encryption_keys")
        return tuple(name.upper() for name in secrets if name not in self.model_fields_set)


class MigrationSettings(BaseSettings):
    """What a migration needs, and nothing else: it may run where no other secret of an installation is."""

    model_config = Settings.model_config

    environment: Annotated[Environment, Field(validation_alias="PIXECOM_ENV")] = Environment.DEVELOPMENT
    migration_database_url: SecretStr

    @field_validator("migration_database_url")
    @classmethod
    def _owners_url(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        url = _for_asyncpg(value)
        fault = fault_of("migration_database_url", url.get_secret_value(), {}) if _is_production(info) else None
        if fault:
            raise ValueError(fault)
        return url


def _for_asyncpg(url: SecretStr) -> SecretStr:
    scheme, separator, rest = url.get_secret_value().partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+asyncpg"} or not _has_sound_port(rest):
        message = "must be a PostgreSQL URL, such as postgresql://user:password@host:5432/database"
        raise ValueError(message)
    return SecretStr(f"postgresql+asyncpg://{rest}")


def _is_production(info: ValidationInfo) -> bool:
    return info.data.get("environment") is Environment.PRODUCTION


def _has_sound_port(url_without_scheme: str) -> bool:
    """Whether what stands for the port is one; parsers quote the rest of the URL in their complaints."""
    try:
        _ = urlsplit(f"//{url_without_scheme}").port
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _sentence(error: ValidationError) -> str:
    lines = ["These settings need attention:"]
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in item["loc"]).upper() or "SETTINGS"
        reason = "is required" if item["type"] == "missing" else item["msg"].removeprefix("Value error, ")
        lines.append(f"  {name}: {reason}")
    lines.append("Set them in the environment; app/OPERATIONS.md lists them all.")
    return "\n".join(lines)


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process.

    Raises SetupError with one line for every value that is missing or wrong.
    """
    try:
        return Settings()  # pyright: ignore[reportCallIssue]  # the environment fills the required fields
    except ValidationError as error:
        raise SetupError(_sentence(error)) from None


def load_inspection_settings() -> InspectionSettings:
    """The settings of `status` and `doctor`. Raises SetupError as `load_settings` does."""
    try:
        return InspectionSettings()  # pyright: ignore[reportCallIssue]  # likewise
    except ValidationError as error:
        raise SetupError(_sentence(error)) from None


def load_migration_settings() -> MigrationSettings:
    """The settings of `migrate`. Raises SetupError as `load_settings` does."""
    try:
        return MigrationSettings()  # pyright: ignore[reportCallIssue]  # likewise
    except ValidationError as error:
        raise SetupError(_sentence(error)) from None
