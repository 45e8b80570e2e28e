"""Keeps throw-away servers for as long as another process lives: a test run, for example.

    python -m app.embedded.keeper DIRECTORY PROCESS_ID

Writes the ports to DIRECTORY/servers.json once both servers answer. Ends, with the servers and the directory, on
SIGTERM or when that process has ended.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from app.embedded.data_directory import open_data_directory
from app.embedded.passwords import write_private
from app.embedded.postgres import Durability
from app.embedded.servers import start_servers

if TYPE_CHECKING:
    from types import FrameType

STATE_FILE = "servers.json"
_POLL_SECONDS = 0.2


def main(arguments: list[str]) -> None:
    """Runs until told to end, or until there is no client left to serve."""
    path, watched = Path(arguments[0]), int(arguments[1])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        directory = open_data_directory(path, user="a test run")
        servers = start_servers(directory, durability=Durability.THROWAWAY)
        state = {"postgres_port": servers.postgres.port, "valkey_port": servers.valkey.port, "pid": os.getpid()}
        state |= {"postgres_pid": servers.postgres.child.pid, "valkey_pid": servers.valkey.child.pid}
        write_private(path / STATE_FILE, json.dumps(state))
        try:
            _wait_for_end_of(watched)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            servers.stop()
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _wait_for_end_of(process: int) -> None:
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(process)
        except ProcessLookupError:
            return
        select.select([descriptor], [], [])
        return
    while _lives(process):
        threading.Event().wait(_POLL_SECONDS)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
