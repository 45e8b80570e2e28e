"""Pixecom as a process in the test's hands: a command to its end, or `pixecom up` and what of it still runs."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.joining.instance import Instance, write_instance
from app.embedded.data_directory import open_data_directory
from app.embedded.ports import find_free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from app.configuration.settings import Settings

PIXECOM = [sys.executable, "-m", "app.cli.main"]
PATIENCE_SECONDS = 90
PROCESSES = {"postgres", "valkey", "sandbox", "api", "worker", "scheduler"}


def run_pixecom(settings: Settings, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A command against the servers of these settings, to its end; `changes` are further variables."""
    return subprocess.run(
        [*PIXECOM, *arguments],
        env=environment_of(settings) | changes,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def run_at_terminal(settings: Settings, *arguments: str, columns: int) -> str:
    """What the command prints at a terminal of this width; where the terminal wraps, there is no end of line."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = environment_of(settings) | {"TERM": "dumb"}
    with subprocess.Popen([*PIXECOM, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        printed = b"".join(_until_closed(ours))
    os.close(ours)
    return printed.decode().replace("\r\n", "\n")


def _until_closed(terminal: int) -> Generator[bytes]:
    while True:
        try:
            read = os.read(terminal, 4096)
        except OSError as error:
            if error.errno != errno.EIO:  # on Linux: no process has the terminal open any more
                raise
            return
        if not read:
            return
        yield read


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that lead a process to these servers."""
    secrets = {
        "DATABASE_URL": settings.database_url,
        "SYSTEM_DATABASE_URL": settings.system_database_url,
        "REDIS_URL": settings.redis_url,
        "AUTH_SECRET": settings.auth_secret,
        "TOKEN_ENCRYPTION_KEYS": settings.token_encryption_keys,
    }
    return {"PATH": os.environ["PATH"], **{name: secret.get_secret_value() for name, secret in secrets.items()}}


def instance_on(api_port: int, *, postgres_port: int | None = None, valkey_port: int | None = None) -> Instance:
    """What `up` notes of itself; this process runs it."""
    return Instance(
        pid=os.getpid(),
        api_port=api_port,
        metrics_port=find_free_port(),
        sandbox_port=find_free_port(),
        worker_health_port=find_free_port(),
        scheduler_health_port=find_free_port(),
        postgres_port=postgres_port,
        valkey_port=valkey_port,
        api_url=f"http://127.0.0.1:{api_port}",
        graphql_url=f"http://127.0.0.1:{api_port}/graphql",
    )


@contextmanager
def running_instance(data: Path, instance: Instance) -> Generator[None]:
    """This process uses the data directory, as `up` would, and has noted the instance."""
    directory = open_data_directory(data, user="pixecom up")
    try:
        write_instance(data, instance)
        yield
    finally:
        directory.close()


class Up:
    """One run, with what it has printed so far."""

    def __init__(self, data: Path, output: Path, *options: str, **environment: str) -> None:
        self.data, self.output = data, output
        self._environment = {"PATH": os.environ["PATH"], **environment}
        self.port = find_free_port()
        command = [*PIXECOM, "up", "--port", str(self.port), "--data-dir", str(data), *options]
        with output.open("w") as file:
            self.process = subprocess.Popen(
                self.wrapped(command), env=self._environment, stdout=file, stderr=subprocess.STDOUT
            )
        self.settle()

    def wrapped(self, command: list[str]) -> list[str]:
        """The command, or one that becomes it."""
        return command

    def settle(self) -> None:
        """Until it runs."""
        self.wait_until(lambda: "✓ Scheduler" in self.text and (self.data / "instance.json").exists())

    def run(self, command: str, *options: str) -> str:
        """What another command of this instance prints; it must succeed."""
        printed = self.try_to_run(command, *options)
        assert printed.returncode == 0, printed.stderr
        return printed.stdout

    def try_to_run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """The same, however it ends."""
        return subprocess.run(
            [*PIXECOM, *command.split(), "--data-dir", str(self.data), *options],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def instance(self) -> dict[str, dict[str, int]]:
        return json.loads((self.data / "instance.json").read_text())

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """A product of which it does not come true is ended, so that it is in nobody's way."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert self.process.poll() is None, self.text
            if time.monotonic() > deadline:
                self.process.terminate()
                self.process.wait(60)
                raise AssertionError(self.text)
            time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def with_descendants(pid: int) -> set[int]:
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        children = {int(child) for thread in threads for child in (thread / "children").read_text().split()}
    except OSError:
        return set()
    return {pid}.union(*(with_descendants(child) for child in children))


def all_end_soon(pids: set[int]) -> bool:
    deadline = time.monotonic() + 10
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
