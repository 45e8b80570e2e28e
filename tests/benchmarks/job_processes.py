"""Processes of the product for the benchmarks of jobs: a worker or scheduler on a stand, ready, and its memory."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr

from app.configuration.settings import LogFormat
from app.embedded.child import ChildSpec, start_child
from app.embedded.ports import LOOPBACK, find_free_port
from tests.benchmarks.ingest_world import CHECKOUT, START_SECONDS

if TYPE_CHECKING:
    from collections.abc import Generator

    from app.configuration.settings import Settings
    from app.embedded.child import Child

WORKER = ("tests.benchmarks.job_worker",)
SCHEDULER = ("app.cli.main", "scheduler")


@contextmanager
def running(module: tuple[str, ...], settings: Settings, logs: Path, **changes: object) -> Generator[Child]:
    """A process with these settings, its log as in production; ended by SIGTERM."""
    port = find_free_port()
    changes |= {"log_format": LogFormat.JSON, "worker_health_port": port, "scheduler_health_port": port}
    name = module[-1].rpartition(".")[2]
    spec = ChildSpec(
        name=name,
        command=(sys.executable, "-m", *module),
        log_path=logs / f"{name}.log",
        environment={"PATH": os.environ["PATH"], **_environment(settings.model_copy(update=changes))},
        directory=CHECKOUT,
    )
    child = start_child(spec)
    try:
        _wait_until_ready(child, port)
        yield child
    finally:
        child.stop(grace=60)


def resident_bytes(process_id: int) -> int:
    """What of the process is in memory."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def cpu_seconds(process_id: int) -> float:
    """What the process has used so far, in user and kernel mode."""
    after_name = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _environment(settings: Settings) -> dict[str, str]:
    names = {name: field.validation_alias or name for name, field in type(settings).model_fields.items()}
    values = settings.model_dump(exclude_none=True)
    return {str(names[name]).upper(): _plain(value) for name, value in values.items()}


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _wait_until_ready(child: Child, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(f"http://{LOOPBACK}:{port}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        if child.exit_code is not None or time.monotonic() > deadline:
            raise RuntimeError("\n".join(child.last_log_lines()))
        time.sleep(0.05)
