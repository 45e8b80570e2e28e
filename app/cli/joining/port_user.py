"""Which instance of ours uses a port, if one does. Finds those of other data directories on Linux, of this user."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.joining.instance import read_instance
from app.cli.printing.places import DEFAULT_DATA
from app.embedded.ports import LOOPBACK
from app.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROCESSES = Path("/proc")
_LISTENING = "0A"


def port_in_use(port: int, data_directory: Path, *, host: str = LOOPBACK) -> SetupError:
    """The error for a port that is taken."""
    return SetupError(f"Port {port} on {host} is in use by {describe_port_user(port, data_directory)}.")


def describe_port_user(port: int, data_directory: Path) -> str:
    """Who uses the port, as far as it is known, and what to do."""
    for directory in _candidates(port, data_directory):
        with suppress(SetupError):
            running = read_instance(directory)
            if running.api_port == port and running.pid != os.getpid():  # ours is noted before it has its port
                return (
                    f"the `pixecom up` that runs on {directory.resolve()} (process {running.pid}); stop that run, or "
                    "pass another --port"
                )
    return "another program; stop it, or pass another --port"


def _candidates(port: int, data_directory: Path) -> Iterator[Path]:
    yield data_directory
    yield DEFAULT_DATA
    with suppress(OSError):
        yield from _directories_of(_sockets_on(port))


def _sockets_on(port: int) -> set[str]:
    """The listening sockets, as links of open files name them."""
    found: set[str] = set()
    for line in (_PROCESSES / "net" / "tcp").read_text().splitlines()[1:]:
        _, address, _, state, *rest = line.split()
        if state == _LISTENING and int(address.rpartition(":")[2], 16) == port:
            found.add(f"socket:[{rest[5]}]")
    return found


def _directories_of(sockets: set[str]) -> Iterator[Path]:
    """The DATA_DIRECTORY of each process that has one of them open."""
    for process in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                yield from _directory_in((process / "environ").read_bytes())


def _directory_in(environment: bytes) -> Iterator[Path]:
    for variable in environment.split(b"\0"):
        name, _, value = variable.partition(b"=")
        if name == b"DATA_DIRECTORY" and value:
            yield Path(value.decode(errors="surrogateescape"))
