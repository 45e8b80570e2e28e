"""Which of a page's metrics still live: one dead name fails a whole list, so each is asked for alone before it joins.

A verdict holds until the platform says otherwise: a living metric is found dead when the list that it is in fails,
and a dead one is asked for again after a week. Writes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from app import clock
from app.errors import DeadMetricError
from app.observability.logging import get_logger
from app.queries.stats.page_stats import Verdict
from app.vocabulary import MetricState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

DEAD_FOR = timedelta(days=7)

Row = TypeVar("Row")
log = get_logger(__name__)

if TYPE_CHECKING:
    # Asks the platform for these metrics together. Raises DeadMetricError when one of them is dead.
    ReadMetrics = Callable[[Sequence[str]], Awaitable[Sequence[Row]]]
    # The same where only the error counts.
    ProbeMetrics = Callable[[Sequence[str]], Awaitable[object]]


class LivingMetrics:
    """The verdicts on some metrics of one page while they are being asked for; `news` are those to be stored."""

    def __init__(self, names: Iterable[str], known: Mapping[str, Verdict]) -> None:
        self._verdicts = {name: known.get(name) for name in names}
        self.news: dict[str, Verdict] = {}

    async def read(self, read: ReadMetrics[Row], *, probe: ProbeMetrics) -> Sequence[Row]:
        """All that lives, together; `probe` asks for as little of a single metric as will show whether it does."""
        await self._probe(probe, self._due())
        try:
            return await self._read_living(read)
        except DeadMetricError as error:
            log.warning("page metric is no longer available", reason=str(error))
        await self._probe(probe, self._living())
        return await self._read_living(read)

    async def _read_living(self, read: ReadMetrics[Row]) -> Sequence[Row]:
        living = self._living()
        return await read(living) if living else []

    async def _probe(self, probe: ProbeMetrics, names: Iterable[str]) -> None:
        """Each of the names alone."""
        for name in names:
            try:
                await probe([name])
            except DeadMetricError as error:
                self._note(name, MetricState.DEAD, str(error))
            else:
                self._note(name, MetricState.ALIVE)

    def _note(self, name: str, state: MetricState, reason: str | None = None) -> None:
        verdict = Verdict(name, state, reason, clock.now())
        self._verdicts[name] = self.news[name] = verdict

    def _living(self) -> list[str]:
        return [name for name, verdict in self._verdicts.items() if verdict and verdict.state is MetricState.ALIVE]

    def _due(self) -> list[str]:
        """What was never asked for alone, or was dead when it was, long enough ago."""
        again = clock.now() - DEAD_FOR
        return [
            name
            for name, verdict in self._verdicts.items()
            if verdict is None or (verdict.state is MetricState.DEAD and verdict.probed_at <= again)
        ]
