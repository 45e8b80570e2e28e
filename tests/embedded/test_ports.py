"""Ports for our servers: no two get the same."""

from __future__ import annotations

from app.embedded.ports import find_free_port, is_free


def test_no_port_is_found_twice() -> None:
    """The system gives a port again as soon as it is free, and two of a thousand are nearly always the same."""
    ports = [find_free_port() for _ in range(1000)]

    assert len(set(ports)) == 1000
    assert is_free(ports[-1])
