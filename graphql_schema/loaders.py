"""The dataloaders of one request, over the batch functions of `Reading`: what is asked for twice is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from graphql_schema.errors import too_many_rows
from graphql_schema.loader import Loader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from graphql import GraphQLError

    from app.errors import PixecomError
    from app.queries.listings import Listing
    from app.queries.page_reading import MetricRow, PostValueRow
    from app.queries.sources import Row, Source
    from app.queries.walks import Walk
    from app.services.day_summaries import DaySummary
    from app.services.freshness import AccountFreshness, DaysFreshness, FreshnessRequest
    from app.services.leaderboard_reading import LeaderboardReading, LeaderboardRequest
    from app.services.list_reading import PageReading, PageRequest
    from app.services.marks import DayMark, MarksRequest
    from app.services.measuring import MetricsReading, MetricsRequest, SummaryRequest
    from app.services.page_series import DayValue, PageSeriesRequest
    from app.services.reading import Reading
    from app.services.restatements import RestatementReading, RestatementRequest
    from app.services.run_progress import RunProgress
    from app.services.series import ListSeriesRequest, SeriesRequest
    from graphql_schema.turns import Turns

    Readings = tuple[MetricsReading, ...]


# Rows of lists, as many as are asked for, that are read at once: some 20 MB.
MAX_ROWS = 20_000


def _rows(page: PageReading[Any]) -> int:
    return len(page.rows)


class Loaders:
    """Keys are values: the same question is an equal key."""

    def __init__(self, reading: Reading, turns: Turns) -> None:
        self._reading = reading
        self._turns = turns
        self._rows: dict[str, Loader[UUID, Any]] = {}
        self.pages: Loader[PageRequest[Any], PageReading[Any]] = Loader(self._load_pages, turns, objects_in=_rows)
        self.kept_walks: Loader[Walk, str] = Loader(reading.keep_walks, turns)
        self.counts: Loader[Listing[Any], int] = Loader(reading.load_counts, turns)
        self.metrics: Loader[MetricsRequest, MetricsReading] = Loader(reading.load_metrics, turns)
        self.summaries: Loader[SummaryRequest, Readings] = Loader(reading.load_summaries, turns)
        self.series: Loader[SeriesRequest, Readings] = Loader(reading.load_series, turns, objects_in=len)
        self.list_series: Loader[ListSeriesRequest, tuple[Readings, ...]] = Loader(reading.load_list_series, turns)
        self.marks: Loader[MarksRequest, list[DayMark]] = Loader(reading.load_marks, turns)
        self.restatements: Loader[RestatementRequest, tuple[RestatementReading, ...]] = Loader(
            reading.load_restatements, turns, objects_in=len
        )
        self.leaderboards: Loader[LeaderboardRequest, LeaderboardReading | None] = Loader(
            reading.load_leaderboards, turns
        )
        self.day_summaries: Loader[date, DaySummary | None] = Loader(reading.load_day_summaries, turns)
        self.page_metrics: Loader[UUID, list[MetricRow]] = Loader(reading.load_page_metrics, turns)
        self.page_series: Loader[PageSeriesRequest, list[list[DayValue]]] = Loader(
            reading.load_page_series, turns, objects_in=len
        )
        self.post_values: Loader[UUID, list[PostValueRow]] = Loader(reading.load_post_values, turns)
        self.account_freshness: Loader[UUID, AccountFreshness | None] = Loader(reading.load_account_freshness, turns)
        self.days_freshness: Loader[FreshnessRequest, DaysFreshness | None] = Loader(reading.load_days_freshness, turns)
        self.run_progress: Loader[UUID, RunProgress] = Loader(reading.load_run_progress, turns)

    async def forget(self) -> None:
        """Drop all answers: loaders and the functions that they call hold each other, so nothing else soon would."""
        for loader in (*vars(self).values(), *self._rows.values()):
            if isinstance(loader, Loader):
                await cast("Loader[Any, Any]", loader).forget()

    async def _load_pages(
        self, wanted: Sequence[PageRequest[Any]]
    ) -> Sequence[PageReading[Any] | PixecomError | GraphQLError]:
        """The pages of one level, unless together they may have more rows than are read at once."""
        rows = sum(request.window.size for request in wanted)
        if rows > MAX_ROWS:
            return [too_many_rows(rows=rows, limit=MAX_ROWS)] * len(wanted)
        return await self._reading.load_pages(wanted)

    def rows(self, source: Source[Row]) -> Loader[UUID, Row | None]:
        """Rows of one kind by id."""
        if source.name not in self._rows:

            async def load(ids: list[UUID]) -> list[Row | None]:
                return await self._reading.load_rows(source, ids)

            self._rows[source.name] = Loader(load, self._turns)
        return self._rows[source.name]

    async def load_optional(self, source: Source[Row], ids: Sequence[UUID | None]) -> list[Row | None]:
        """Rows of one kind by ids of which some are None; their rows are None."""
        wanted = list(dict.fromkeys(key for key in ids if key is not None))
        found = dict(zip(wanted, await self.rows(source).load_many(wanted), strict=True))
        return [found[key] if key is not None else None for key in ids]
