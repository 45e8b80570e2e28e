"""Waits for the demo's history: the background work of a first start, so that the first query shows something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.progress_line import ProgressLine
from app.queries.work_totals import WorkTotals
from app.services.context import open_services
from app.services.demo import follow_demo
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


async def wait_for_history(environment: Mapping[str, str], *, tend: Callable[[], None]) -> WorkTotals:
    """Return when no work is left. `tend` is called at every look, a few times a second."""
    settings = Settings.model_validate({name.lower(): value for name, value in environment.items()})
    totals = WorkTotals(0, 0, 0)
    async with open_services(settings, process="cli") as services:
        with ProgressLine("Demo history") as line:
            async for totals in follow_demo(services):
                line.show(totals)
                tend()
    return totals
