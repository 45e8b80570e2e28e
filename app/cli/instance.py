"""The running development instance of a data directory: where it listens, and how other commands join it.

`up` writes it; `token`, `sync` and `doctor` read it. It holds no password: those stay in the directory's secrets.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from app.cli.environment import development_environment
from app.embedded.passwords import read_secrets, write_private
from app.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "instance.json"


@dataclass(frozen=True)
class Instance:
    """Ports; None for a server that the environment names (DATABASE_URL, REDIS_URL)."""

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


def write_instance(directory: Path, instance: Instance) -> None:
    """Replace what is known about this directory's instance."""
    write_private(directory / FILE_NAME, json.dumps(asdict(instance), indent=1))


def forget_instance(directory: Path) -> None:
    """It has ended."""
    (directory / FILE_NAME).unlink(missing_ok=True)


def read_instance(directory: Path) -> Instance:
    """The instance that runs on this directory now; raises SetupError if there is none."""
    try:
        instance = Instance(**json.loads((directory / FILE_NAME).read_text()))
        os.kill(instance.pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        raise SetupError(
            f"No instance runs on {directory.resolve()}; start one with `pixecom up`, or name its --data-dir."
        ) from None
    except PermissionError:
        raise SetupError(f"The instance of {directory.resolve()} belongs to another user.") from None
    return instance


def join_instance(directory: Path) -> Instance:
    """Give this process the settings of the running instance, and return where it listens."""
    instance = read_instance(directory)
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
