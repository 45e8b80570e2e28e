"""Waits for the demo's history: the background work of a first start, so that the first query shows something."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.cli.progress_line import ProgressLine
from app.queries.work_totals import WorkTotals
from app.services.context import open_services
from app.services.demo import follow_demo
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


LONGEST_WAIT_SECONDS = 180


@dataclass(frozen=True)
class History:
    """What was seen last; not `complete` if it goes on behind the instance that is up."""

    totals: WorkTotals
    complete: bool


async def wait_for_history(environment: Mapping[str, str], *, tend: Callable[[], None]) -> History:
    """Return when no work is left, or after three minutes. `tend` is called at every look, a few times a second."""
    settings = Settings.model_validate({name.lower(): value for name, value in environment.items()})
    totals = WorkTotals(0, 0, 0)
    async with open_services(settings, process="cli") as services:
        with ProgressLine("Demo history") as line, suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                async for totals in follow_demo(services):
                    line.show(totals)
                    tend()
                return History(totals, complete=True)
    return History(totals, complete=False)
