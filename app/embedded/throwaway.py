"""Servers for one test run, and databases on them that live for one test. Fast, and worth nothing afterwards."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from app.embedded import roles
from app.embedded.keeper import STATE_FILE
from app.embedded.log_file import read_last_lines
from app.embedded.passwords import GeneratedSecrets, read_secrets
from app.embedded.session import ServerRefusedError, Session, open_session
from app.embedded.urls import DatabaseUrls, database_urls, redis_url

if TYPE_CHECKING:
    from collections.abc import Generator

KEEPER_SECONDS = 120
# Where Linux keeps files in memory. Making and dropping a database there takes 20 ms, on a disk that others write to as
# well 200 ms.
MEMORY = Path("/dev/shm")  # noqa: S108  # the directory in it is private and has a random name
MEMORY_BYTES = 3 << 30
# In the folder of a run: it names the directory of its servers.
PLACE_FILE = "servers.place"


@dataclass(frozen=True)
class ThrowawayDatabase:
    """A database with a name of its own; the URLs hold passwords."""

    name: str
    port: int
    secrets: GeneratedSecrets = field(repr=False)

    @property
    def _urls(self) -> DatabaseUrls:
        return database_urls(self.port, self.secrets, self.name)

    @property
    def owner_url(self) -> str:
        return self._urls.owner_url

    @property
    def app_url(self) -> str:
        return self._urls.app_url

    @property
    def system_url(self) -> str:
        return self._urls.system_url

    @property
    def superuser_url(self) -> str:
        return self._urls.superuser_url


@dataclass(frozen=True)
class ThrowawayServers:
    """A running PostgreSQL and Valkey that end with the test run."""

    postgres_port: int
    valkey_port: int
    keeper_pid: int
    postgres_pid: int
    valkey_pid: int
    secrets: GeneratedSecrets = field(repr=False)

    def redis_url(self, number: int) -> str:
        """The URL of logical database `number` (0 to 63)."""
        return redis_url(self.valkey_port, self.secrets, number)

    def database(self, name: str) -> ThrowawayDatabase:
        return ThrowawayDatabase(name, self.postgres_port, self.secrets)

    async def create_database(self) -> ThrowawayDatabase:
        """A new database without tables, under a random name."""
        return await self.create_named_database(_new_name())

    async def create_named_database(self, name: str) -> ThrowawayDatabase:
        """A new database without tables."""
        session = await self._superuser()
        try:
            await roles.create_database(session, name)
        finally:
            await session.close()
        return self.database(name)

    async def clone_database(self, template: str) -> ThrowawayDatabase:
        """A copy of a database without connections, under a random name.

        With 90 tables: 15 ms by cloning files, 32 ms by copying them (where the file system can't clone), and 52 ms
        through the log; several times that while others write to the same disk.
        """
        name = _new_name()
        session = await self._superuser()
        try:
            await session.execute("SET file_copy_method = clone")
            try:
                await roles.create_database(session, name, template=template, strategy="FILE_COPY")
            except ServerRefusedError:
                await session.execute("SET file_copy_method = copy")
                await roles.create_database(session, name, template=template, strategy="FILE_COPY")
        finally:
            await session.close()
        return self.database(name)

    async def drop_database(self, name: str) -> None:
        """Drop it, and end the connections that it still has."""
        session = await self._superuser()
        try:
            await session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        finally:
            await session.close()

    async def close_to_connections(self, name: str) -> None:
        """From now on it serves as a template only, which must have no connections."""
        session = await self._superuser()
        try:
            await session.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            await session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        finally:
            await session.close()

    async def _superuser(self) -> Session:
        return await open_session(
            port=self.postgres_port,
            role=roles.SUPERUSER,
            password=self.secrets.superuser_password,
            database="postgres",
        )


def _new_name() -> str:
    return f"test_{uuid4().hex[:12]}"


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """One process of the run at a time in here."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def get_servers(run_directory: Path, *, run_process: int) -> ThrowawayServers:
    """The servers of this run: the first caller starts them, and they live as long as `run_process`."""
    with exclusive(run_directory / "servers.lock"):
        directory = _find_data(run_directory)
        if directory is None:
            directory = _choose_data(run_directory)
            _start_keeper(directory, run_directory / "keeper.log", run_process)
    state: dict[str, int] = json.loads((directory / STATE_FILE).read_text())
    return ThrowawayServers(
        postgres_port=state["postgres_port"],
        valkey_port=state["valkey_port"],
        keeper_pid=state["pid"],
        postgres_pid=state["postgres_pid"],
        valkey_pid=state["valkey_pid"],
        secrets=read_secrets(directory),
    )


def _find_data(run_directory: Path) -> Path | None:
    """Where the servers of this run keep their data; None while it has no servers."""
    try:
        directory = Path((run_directory / PLACE_FILE).read_text())
    except FileNotFoundError:
        return None
    return directory if (directory / STATE_FILE).exists() else None


def _choose_data(run_directory: Path) -> Path:
    """A directory for them: in memory if there is much room, beside the other files of the run if not."""
    try:
        roomy = shutil.disk_usage(MEMORY).free >= MEMORY_BYTES and os.access(MEMORY, os.W_OK)
    except FileNotFoundError:
        roomy = False
    directory = Path(tempfile.mkdtemp(prefix="pixecom-tests-", dir=MEMORY)) if roomy else run_directory / "servers"
    (run_directory / PLACE_FILE).write_text(str(directory))
    return directory


def _start_keeper(directory: Path, log_path: Path, run_process: int) -> None:
    command = [sys.executable, "-m", "app.embedded.keeper", str(directory), str(run_process)]
    output = (os.POSIX_SPAWN_OPEN, 1, str(log_path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    keeper = os.posix_spawn(  # not subprocess: it outlives the process of the run that starts it
        sys.executable,
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), output, (os.POSIX_SPAWN_DUP2, 1, 2)],
        setpgroup=0,
    )
    deadline = time.monotonic() + KEEPER_SECONDS
    while not (directory / STATE_FILE).exists():
        ended, _ = os.waitpid(keeper, os.WNOHANG)
        if ended or time.monotonic() > deadline:
            lines = "\n".join(read_last_lines(log_path, 30))
            raise RuntimeError(f"the test servers did not start:\n{lines}")
        time.sleep(0.02)


def stop_servers(run_directory: Path) -> None:
    """End the servers of this run, if it has any; returns when they have ended and their data is gone."""
    directory = _find_data(run_directory)
    if directory is None:
        return
    with suppress(FileNotFoundError, ProcessLookupError):
        state: dict[str, int] = json.loads((directory / STATE_FILE).read_text())
        os.kill(state["pid"], signal.SIGTERM)
    deadline = time.monotonic() + KEEPER_SECONDS
    while directory.exists() and time.monotonic() < deadline:
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(0.02)
