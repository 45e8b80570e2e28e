"""Runs a coroutine on uvloop: with it a stream of SIGTERMs ends a process in time on Python 3.11."""

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
