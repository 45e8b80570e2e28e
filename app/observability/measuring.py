"""Gauges that are asked for when somebody scrapes: asked once for several scrapes, and without value where that fails.

A scrape never fails and never waits long for it: an old figure would mislead, so none is shown.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from app.observability.logging import get_logger
from app.observability.prometheus import MEASURING_FAILURES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from prometheus_client import Gauge

log = get_logger(__name__)

# A scraper gives up after 10 s by default.
DEADLINE_SECONDS = 5.0


class Reading(NamedTuple):
    """A gauge's value under these labels."""

    gauge: Gauge
    labels: tuple[str, ...]
    value: float


class GaugeGroup:
    """Gauges that are measured together, and for how many seconds they are good."""

    def __init__(
        self,
        name: str,
        gauges: Iterable[Gauge],
        ask: Callable[[], Awaitable[Sequence[Reading]]],
        *,
        kept_seconds: float,
    ) -> None:
        self.name = name
        self._gauges = tuple(gauges)
        self._ask = ask
        self._kept_seconds = kept_seconds
        self._good_until = 0.0
        self._lock = asyncio.Lock()
        MEASURING_FAILURES.labels(name)

    async def refresh(self) -> None:
        """Measure, unless what is there is good; one at a time, however many scrape at once."""
        async with self._lock:
            if monotonic() < self._good_until:
                return
            self._show(await self._readings())
            self._good_until = monotonic() + self._kept_seconds

    async def _readings(self) -> Sequence[Reading]:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await self._ask()
        except Exception as error:  # noqa: BLE001  # whatever it is, the other metrics are still wanted
            MEASURING_FAILURES.labels(self.name).inc()
            log.warning("gauges could not be measured", group=self.name, error=type(error).__name__)
            return ()

    def _show(self, readings: Sequence[Reading]) -> None:
        for gauge in self._gauges:
            gauge.clear()
        for gauge, labels, value in readings:
            (gauge.labels(*labels) if labels else gauge).set(value)
