"""Workers and schedulers as processes of their own, waiting for conditions, and telling processes to end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from app.embedded.ports import find_free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.settings import Settings

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0


async def until(condition: Callable[[], Awaitable[bool]], *, within: float = PATIENCE_SECONDS) -> float:
    """Wait for it; answers how many seconds that took. Raises AssertionError when the time is over."""
    begun = time.monotonic()
    while not await condition():
        assert time.monotonic() - begun < within, f"not within {within} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - begun


@dataclass
class Process:
    """One process of ours."""

    child: subprocess.Popen[bytes]
    health_port: int
    log_path: Path

    async def ask(self, path: str) -> httpx.Response | None:
        """What its health port answers; None while it does not."""
        async with httpx.AsyncClient() as client:
            try:
                return await client.get(f"http://127.0.0.1:{self.health_port}{path}")
            except httpx.TransportError:
                return None

    async def is_ready(self) -> bool:
        """It works, with all that it needs. Raises AssertionError when it has ended."""
        assert self.child.poll() is None, self.log_path.read_text()
        answer = await self.ask("/readyz")
        return answer is not None and answer.status_code == 200

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()

    async def end(self, *, within: float) -> float:
        """SIGTERM; answers the seconds until it had ended with exit code 0."""
        self.child.send_signal(signal.SIGTERM)

        async def ended() -> bool:
            return self.child.poll() is not None

        seconds = await until(ended, within=within)
        assert self.child.returncode == 0, self.log_path.read_text()
        return seconds


@dataclass
class Processes:
    """Starts them with the settings of the test, as environment variables."""

    settings: Settings
    directory: Path
    running: list[Process] = field(default_factory=list[Process])

    def start(self, command: str, **changes: object) -> Process:
        """`worker` or `scheduler`, with these settings instead."""
        port = find_free_port()
        log_path = self.directory / f"{command}-{len(self.running)}.log"
        variables = self._environment(worker_health_port=port, **changes)
        with log_path.open("wb") as log:
            child = subprocess.Popen(  # noqa: S603  # our own command
                [sys.executable, "-m", "app.cli.main", command], cwd=ROOT, env=variables, stdout=log, stderr=log
            )
        process = Process(child, port, log_path)
        self.running.append(process)
        return process

    def kill_all(self) -> None:
        for process in self.running:
            if process.child.poll() is None:
                process.kill()

    def _environment(self, **changes: object) -> dict[str, str]:
        given: dict[str, Any] = self.settings.model_dump(exclude_none=True) | changes
        names = {name: f.validation_alias or name for name, f in type(self.settings).model_fields.items()}
        values = {str(names[name]).upper(): _plain(value) for name, value in given.items()}
        return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **values}


def _plain(value: Any) -> str:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
