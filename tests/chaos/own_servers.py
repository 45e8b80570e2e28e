"""Servers of one test's own, which it may kill and start again; nobody else's work is on them."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from app.database.migration import upgrade
from app.embedded.data_directory import open_data_directory
from app.embedded.passwords import ensure_secrets
from app.embedded.postgres import PostgresServer, start_postgres
from app.embedded.urls import DatabaseUrls, database_urls, redis_url
from app.embedded.valkey import start_valkey

if TYPE_CHECKING:
    from collections.abc import Generator

    from app.embedded.valkey import ValkeyServer


class OwnPostgres:
    """A migrated server that keeps whatever it has committed. (A throw-away server may lose one that it confirmed.)
    It is started by a thread of its own, as a server dies with the thread that started it.
    """

    def __init__(self, path: Path) -> None:
        self._directory = open_data_directory(path, user="a test")
        self._secrets = ensure_secrets(self._directory.path)
        self._starter = ThreadPoolExecutor(max_workers=1)
        self._server = self._start(again_on=None)
        self._starter.submit(upgrade, self.urls.owner_url).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._starter.submit(self._server.stop).result()
        self._starter.shutdown()
        self._directory.close()

    @property
    def urls(self) -> DatabaseUrls:
        return database_urls(self._server.port, self._secrets)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """SIGKILL leaves its sessions to find out by themselves, SIGQUIT is its immediate shutdown."""
        os.kill(self._server.child.pid, number)
        self._server.child.wait(10)

    @contextmanager
    def silent(self) -> Generator[None]:
        """Within, its processes are stopped: the kernel takes connections and bytes for them, and no answer comes."""
        with _stopped(self._server.child.pid):
            yield

    def start_again(self) -> None:
        """On the same port, with the same data."""
        self._server = self._start(again_on=self._server.port)

    def _start(self, *, again_on: int | None) -> PostgresServer:
        def start() -> PostgresServer:
            return start_postgres(self._directory, self._secrets, again_on=again_on)

        return self._starter.submit(start).result()


@contextmanager
def _stopped(process: int) -> Generator[None]:
    stopped = _stop(process)
    try:
        yield
    finally:
        for one in stopped:
            _tell(one, signal.SIGCONT)


def _stop(process: int) -> list[int]:
    """Stop it, so that it starts no other any more, and then all that it has started; answers which those are."""
    _tell(process, signal.SIGSTOP)
    with suppress(FileNotFoundError, ProcessLookupError):
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [process, *(one for child in children for one in _stop(int(child)))]
    return [process]


def _tell(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it was about to end
        os.kill(process, number)


class OwnValkey:
    """A server with an append-only file, as an installation has it."""

    def __init__(self, path: Path) -> None:
        self._directory = open_data_directory(path, user="a test")
        self._secrets = ensure_secrets(self._directory.path)
        self._starter = ThreadPoolExecutor(max_workers=1)
        self._server = self._start(again_on=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._starter.submit(self._server.stop).result()
        self._starter.shutdown()
        self._directory.close()

    @property
    def url(self) -> str:
        return redis_url(self._server.port, self._secrets)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self._server.child.pid, signal.SIGKILL)
        self._server.child.wait(10)

    @contextmanager
    def silent(self) -> Generator[None]:
        """Within, it is stopped, as `OwnPostgres.silent` has it."""
        with _stopped(self._server.child.pid):
            yield

    def start_again(self) -> None:
        """On the same port, with what its file has."""
        self._server = self._start(again_on=self._server.port)

    def _start(self, *, again_on: int | None) -> ValkeyServer:
        def start() -> ValkeyServer:
            return start_valkey(self._directory, self._secrets.valkey_password, again_on=again_on)

        return self._starter.submit(start).result()
