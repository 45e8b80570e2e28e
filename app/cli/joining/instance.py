"""The running development instance of a data directory: where it listens, and how other commands join it.

`up` writes it; `token`, `sync` and `doctor` read it. It holds no password: those stay in the directory's secrets.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.cli.joining.instance_settings import agree_with
from app.cli.printing.environment import development_environment
from app.cli.printing.pasting import pasted
from app.cli.printing.places import DEFAULT_PORT
from app.embedded.data_directory import is_in_use
from app.embedded.passwords import read_secrets, write_private
from app.embedded.ports import LOOPBACK
from app.errors import SetupError
from app.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE_NAME = "instance.json"


@dataclass(frozen=True)
class Instance:
    """Ports; None for a server that the environment names (DATABASE_URL, REDIS_URL).

    `settings` are those of its processes, secrets apart; `given_secrets` names the ones that `up` was given.
    `database` is where it is, the caller's or our own, as `database_place` says.
    """

    pid: int
    api_port: int
    metrics_port: int
    sandbox_port: int
    worker_health_port: int
    scheduler_health_port: int
    postgres_port: int | None
    valkey_port: int | None
    api_url: str
    graphql_url: str
    processes: dict[str, int] = field(default_factory=dict[str, int])
    settings: dict[str, str] = field(default_factory=dict[str, str])
    given_secrets: list[str] = field(default_factory=list[str])
    database: str | None = None


def write_instance(directory: Path, instance: Instance) -> None:
    """Replace what is known about this directory's instance."""
    write_private(directory / FILE_NAME, json.dumps(asdict(instance), indent=1))


def forget_instance(directory: Path) -> None:
    """It has ended."""
    (directory / FILE_NAME).unlink(missing_ok=True)


def read_instance(directory: Path) -> Instance:
    """The instance that runs on this directory now; raises SetupError if there is none.

    A note that a killed run left behind is none, even if another process has got its process id.
    """
    try:
        instance = _read(directory)
        if instance is not None and is_in_use(directory) and _is_running(instance.pid):
            return instance
    except PermissionError:
        raise SetupError(f"The instance of {directory.resolve()} belongs to another user.") from None
    raise SetupError(_absence(directory, instance))


def _is_running(pid: int) -> bool:
    """Raises PermissionError for a process of another user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _read(directory: Path) -> Instance | None:
    try:
        return Instance(**json.loads((directory / FILE_NAME).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise SetupError(
            f"{directory.resolve() / FILE_NAME} was not written by this release; restart `{pasted('up')}`."
        ) from None


def _absence(directory: Path, left: Instance | None) -> str:
    """`left` is what the last run noted, if it was killed."""
    port = ["--port", str(left.api_port)] if left and left.api_port != DEFAULT_PORT else []
    start = pasted("up", *port)
    return f"No instance runs on {directory.resolve()}; start one with `{start}`, or name its --data-dir."


def database_place(url: str) -> str:
    """Where a database is, without its user and password: host:port/name. This machine is one host by all its names."""
    parts = urlsplit(url)
    host = parts.hostname or LOOPBACK
    return f"{LOOPBACK if is_loopback(host) else host}:{parts.port or 5432}{parts.path}"


def runs_on_database(directory: Path, url: str) -> bool:
    """Whether the directory's running instance, if there is one, works on this database of the caller's."""
    try:
        return read_instance(directory).database == database_place(url)
    except (SetupError, ValueError):  # a URL that can't be read is told of with the other settings
        return False


def join_instance(directory: Path, *, decisive: Iterable[str] = ()) -> Instance:
    """Give this process the settings of the running instance, and return where it listens.

    Raises SetupError as `agree_with` does.
    """
    instance = read_instance(directory)
    agree_with(instance.settings, secrets=instance.given_secrets, decisive=decisive)
    os.environ.update(
        development_environment(
            read_secrets(directory),
            metrics_port=instance.metrics_port,
            data_directory=directory.absolute(),
            sandbox_port=instance.sandbox_port,
            worker_health_port=instance.worker_health_port,
            scheduler_health_port=instance.scheduler_health_port,
            postgres_port=instance.postgres_port,
            valkey_port=instance.valkey_port,
        )
    )
    return instance
