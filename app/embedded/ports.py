"""TCP ports of this machine. Servers of ours listen on 127.0.0.1 only."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


_found: set[int] = set()


def find_free_port() -> int:
    """A port that is free at this moment; another program may still be faster.

    None is found twice by one process: the server that is to have it may be started later.
    """
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in _found:
            _found.add(port)
            return port


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether we could listen on it now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def is_answering(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody accepts connections on it."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
