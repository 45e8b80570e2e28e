"""Watches the demo's history being written, the background work of a first start: the first query shows something.

In a thread of its own: the main thread goes on tending the processes.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from app.configuration.settings import Settings
from app.queries.jobs.totals import WorkTotals
from app.services.context import open_services
from app.services.demo.seeding import follow_demo

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_WAIT_SECONDS = 180
_AGAIN_AFTER_SECONDS = 0.5
_END_SECONDS = 5


class HistoryWatch:
    """`totals` is what was seen last; `is_complete` once no work is left and the demo is finished."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._settings = Settings.model_validate({name.lower(): value for name, value in environment.items()})
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self.totals = WorkTotals(0, 0, 0)
        self.is_complete = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer; the work itself goes on."""
        self._stopping.set()
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._watch())

    async def _watch(self) -> None:
        while not (self.is_complete or self._stopping.is_set()):
            try:
                await self._follow()
            except Exception:  # noqa: BLE001  # whatever a driver raises: a server that is away is started again
                await asyncio.sleep(_AGAIN_AFTER_SECONDS)

    async def _follow(self) -> None:
        async with open_services(self._settings, process="cli") as services:
            async for self.totals in follow_demo(services):
                if self._stopping.is_set():
                    return
        self.is_complete = True
