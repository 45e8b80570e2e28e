"""The dataloaders of one request, over the batch functions of `Reading`: what is asked for twice is read once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from strawberry.dataloader import DataLoader

from app.services.request_snapshot import RequestOverError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import date
    from uuid import UUID

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

    Readings = tuple[MetricsReading, ...]

Key = TypeVar("Key")
Found = TypeVar("Found")


class _Loader(DataLoader[Key, Found]):
    """Fields that ask for the same key share its load, and none of them ends it for the others.

    An error in the place of an answer is raised for that key alone. What is still being loaded at the end of the
    request is cancelled for all who wait for it.
    """

    def __init__(self, load: Callable[[list[Key]], Awaitable[Sequence[Found | BaseException]]]) -> None:
        async def answer(keys: list[Key]) -> Sequence[Found | BaseException]:
            try:
                return await load(keys)
            except asyncio.CancelledError:  # which Strawberry would tell nobody who waits
                return [RequestOverError() for _ in keys]

        super().__init__(answer)

    def load(self, key: Key) -> Awaitable[Found]:
        """A field is cancelled when one beside it fails; its future may be another field's too."""
        future = asyncio.ensure_future(super().load(key))
        if not future.done():
            future.add_done_callback(_note_error)
        return asyncio.shield(future)


def _note_error(future: asyncio.Future[Any]) -> None:
    """An error that comes when nobody waits any more is no news for the log."""
    if not future.cancelled():
        future.exception()


class Loaders:
    """Keys are values: the same question is an equal key."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._rows: dict[str, DataLoader[UUID, Any]] = {}
        self.pages: DataLoader[PageRequest[Any], PageReading[Any]] = _Loader(reading.load_pages)
        self.kept_walks: DataLoader[Walk, str] = _Loader(reading.keep_walks)
        self.counts: DataLoader[Listing[Any], int] = _Loader(reading.load_counts)
        self.metrics: DataLoader[MetricsRequest, MetricsReading] = _Loader(reading.load_metrics)
        self.summaries: DataLoader[SummaryRequest, Readings] = _Loader(reading.load_summaries)
        self.series: DataLoader[SeriesRequest, Readings] = _Loader(reading.load_series)
        self.list_series: DataLoader[ListSeriesRequest, tuple[Readings, ...]] = _Loader(reading.load_list_series)
        self.marks: DataLoader[MarksRequest, list[DayMark]] = _Loader(reading.load_marks)
        self.restatements: DataLoader[RestatementRequest, tuple[RestatementReading, ...]] = _Loader(
            reading.load_restatements
        )
        self.leaderboards: DataLoader[LeaderboardRequest, LeaderboardReading | None] = _Loader(
            reading.load_leaderboards
        )
        self.day_summaries: DataLoader[date, DaySummary | None] = _Loader(reading.load_day_summaries)
        self.page_metrics: DataLoader[UUID, list[MetricRow]] = _Loader(reading.load_page_metrics)
        self.page_series: DataLoader[PageSeriesRequest, list[list[DayValue]]] = _Loader(reading.load_page_series)
        self.post_values: DataLoader[UUID, list[PostValueRow]] = _Loader(reading.load_post_values)
        self.account_freshness: DataLoader[UUID, AccountFreshness | None] = _Loader(reading.load_account_freshness)
        self.days_freshness: DataLoader[FreshnessRequest, DaysFreshness | None] = _Loader(reading.load_days_freshness)
        self.run_progress: DataLoader[UUID, RunProgress] = _Loader(reading.load_run_progress)

    def rows(self, source: Source[Row]) -> DataLoader[UUID, Row | None]:
        """Rows of one kind by id."""
        if source.name not in self._rows:

            async def load(ids: list[UUID]) -> list[Row | None]:
                return await self._reading.load_rows(source, ids)

            self._rows[source.name] = _Loader(load)
        return self._rows[source.name]

    async def load_optional(self, source: Source[Row], ids: Sequence[UUID | None]) -> list[Row | None]:
        """Rows of one kind by ids of which some are None; their rows are None."""
        wanted = list(dict.fromkeys(key for key in ids if key is not None))
        found = dict(zip(wanted, await self.rows(source).load_many(wanted), strict=True))
        return [found[key] if key is not None else None for key in ids]
