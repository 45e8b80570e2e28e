"""How many file descriptors connections may take, of those that the operating system lets the process have."""

from __future__ import annotations

import resource
from contextlib import suppress

__all__ = ["allow_descriptors", "descriptors_beside"]

# What the process has open beside connections: pools, logs, listeners.
OWN = 300


def allow_descriptors(connections: int) -> None:
    """Raise the soft limit of this process to what these connections need, as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OWN
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a limit of its own beside the hard one
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def descriptors_beside(connections: int, *, most: int) -> int:
    """How many more there are beside these connections, up to `most`."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if soft == resource.RLIM_INFINITY else max(0, min(most, soft - connections - OWN))
