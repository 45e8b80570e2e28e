"""Our processes as processes of their own, waiting for conditions, and hurting processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from app.embedded.ports import find_free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from app.configuration.settings import Settings

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 40.0


async def until(
    condition: Callable[[], Awaitable[bool]], *, within: float = PATIENCE_SECONDS, every: float = 0.02
) -> float:
    """Wait for it; answers how many seconds that took. Raises AssertionError when the time is over."""
    begun = time.monotonic()
    while not await condition():
        assert time.monotonic() - begun < within, f"not within {within} s"
        await asyncio.sleep(every)
    return time.monotonic() - begun


class Child(Protocol):
    """A started process, whoever its parent is."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...


class Nursery:
    """The other end of `tests.chaos.nursery`."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._hear()

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> NurseryChild:
        """A process of this command line."""
        answer = self._ask({"start": list(arguments), "environment": dict(environment), "log": str(log)})
        return NurseryChild(self, answer["pid"])

    def poll(self, pid: int) -> int | None:
        """The exit code of a process it started; None while that runs."""
        return self._ask({"poll": pid})["code"]

    def close(self) -> None:
        """End it, and all that it started."""
        with self._parent:
            assert self._parent.stdin is not None
            self._parent.stdin.close()

    def _ask(self, request: Mapping[str, object]) -> Any:
        assert self._parent.stdin is not None
        self._parent.stdin.write(json.dumps(request) + "\n")
        self._parent.stdin.flush()
        return self._hear()

    def _hear(self) -> Any:
        assert self._parent.stdout is not None
        line = self._parent.stdout.readline()
        assert line, "the nursery has ended"
        return json.loads(line)


@dataclass(frozen=True)
class NurseryChild:
    """A process that the nursery became."""

    nursery: Nursery
    pid: int

    def poll(self) -> int | None:
        return self.nursery.poll(self.pid)


@dataclass
class Process:
    """One process of ours."""

    child: Child
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

    def runs(self) -> bool:
        return self.child.poll() is None

    def log(self) -> str:
        return self.log_path.read_text()

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP and SIGCONT, or whatever else hurts."""
        os.kill(self.child.pid, number)

    def kill(self) -> None:
        """SIGKILL; returns when it has ended."""
        self.signal(signal.SIGKILL)
        while self.child.poll() is None:
            time.sleep(0.001)

    async def end(self, *, within: float) -> float:
        """SIGTERM; answers the seconds until it had ended with exit code 0."""
        self.signal(signal.SIGTERM)

        async def ended() -> bool:
            return self.child.poll() is not None

        seconds = await until(ended, within=within)
        assert self.child.poll() == 0, self.log_path.read_text()
        return seconds


@dataclass
class Processes:
    """Starts them with the settings of the test, as environment variables."""

    settings: Settings
    directory: Path
    nursery: Nursery
    running: list[Process] = field(default_factory=list[Process])

    def start(self, command: str, **changes: object) -> Process:
        """`worker`, `scheduler` or `api`, with these settings instead. An api answers at its health port."""
        port = find_free_port()
        arguments = [command, "--port", str(port)] if command == "api" else [command]
        log = self._next_log(command)
        child = self.nursery.start(arguments, self._environment(worker_health_port=port, **changes), log)
        return self._keep(Process(child, port, log))

    def start_with(
        self, python: str, command: str, *arguments: str, module: str = "app.cli.main", **changes: object
    ) -> Process:
        """The same by an interpreter of its own, from nothing, as an operator does."""
        port, log_path = find_free_port(), self._next_log(command)
        variables = self._environment(worker_health_port=port, scheduler_health_port=port, **changes)
        arguments = ("--port", str(port), *arguments) if command == "api" else arguments
        with log_path.open("wb") as log:
            child = subprocess.Popen(
                [python, "-m", module, command, *arguments], cwd=ROOT, env=variables, stdout=log, stderr=log
            )
        return self._keep(Process(child, port, log_path))

    def kill_all(self) -> None:
        for process in self.running:
            if process.runs():
                process.kill()

    def _next_log(self, command: str) -> Path:
        return self.directory / f"{command}-{len(self.running)}.log"

    def _keep(self, process: Process) -> Process:
        self.running.append(process)
        return process

    def _environment(self, **changes: object) -> dict[str, str]:
        given: dict[str, Any] = self.settings.model_dump(exclude_none=True) | changes
        names = {name: f.validation_alias or name for name, f in type(self.settings).model_fields.items()}
        values = {str(names[name]).upper(): _plain(value) for name, value in given.items()}
        return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **values}


def _plain(value: Any) -> str:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
