"""Runs a coroutine on uvloop: with it a stream of SIGTERMs ends a process in time on Python 3.11.

`run_with_servers` is for commands: a PostgreSQL or Redis that fails them ends in a sentence, not in a traceback.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import uvloop

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")


def run_on_uvloop(work: Coroutine[None, None, Result]) -> Result:
    """Run it to its end in this thread."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def run_with_servers(work: Coroutine[None, None, Result]) -> Result:
    """The same for work that needs the database. Raises SetupError where a server fails it."""
    from app.cli.failures.database_failure import failure_as_sentence  # drivers, which `--help` does not need

    with failure_as_sentence():
        return run_on_uvloop(work)
