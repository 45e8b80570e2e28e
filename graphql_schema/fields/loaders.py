"""The dataloaders of one request, over the batch functions of `Reading`: what is asked for twice is read once."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

from graphql_schema.errors import too_many_rows
from graphql_schema.fields.loader import Loader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from graphql import GraphQLError

    from app.errors import PixecomError
    from app.queries.lists.fb_pages import MetricRow, PostValueRow
    from app.queries.lists.listings import Listing
    from app.queries.lists.sources import Row, Source
    from app.queries.lists.walks import Walk
    from app.services.fb_pages.series import DayValue, PageSeriesRequest
    from app.services.jobs.run_progress import RunProgress
    from app.services.reads.annotations import DayMark, MarksRequest
    from app.services.reads.day_summaries import DaySummary
    from app.services.reads.freshness import AccountFreshness, DaysFreshness, FreshnessRequest
    from app.services.reads.leaderboards import LeaderboardReading, LeaderboardRequest
    from app.services.reads.lists import PageReading, PageRequest
    from app.services.reads.metrics import MetricsReading, MetricsRequest, SummaryRequest
    from app.services.reads.request_reader import Reading
    from app.services.reads.restatements import RestatementReading, RestatementRequest
    from app.services.reads.series import ListSeriesRequest, SeriesRequest
    from app.services.warnings.reading import WarningRow
    from graphql_schema.fields.turns import Turns

    Readings = tuple[MetricsReading, ...]


# Rows of lists, as many as are asked for, that are read at once: some 20 MB.
MAX_ROWS = 20_000


def _rows(page: PageReading[Any]) -> int:
    return len(page.rows)


async def _load_pages(
    reading: Reading, wanted: Sequence[PageRequest[Any]]
) -> Sequence[PageReading[Any] | PixecomError | GraphQLError]:
    """The pages of one level, unless together they may have more rows than are read at once."""
    rows = sum(request.window.size for request in wanted)
    if rows > MAX_ROWS:
        return [too_many_rows(rows=rows, limit=MAX_ROWS)] * len(wanted)
    return await reading.load_pages(wanted)


class Loaders:
    """Keys are values: the same question is an equal key. Each is made when it is first asked for.

    None of them refers back to this object, so that everything goes as soon as the request is over.
    """

    def __init__(self, reading: Reading, turns: Turns) -> None:
        self._reading = reading
        self._turns = turns
        self._rows: dict[str, Loader[UUID, Any]] = {}

    @cached_property
    def pages(self) -> Loader[PageRequest[Any], PageReading[Any]]:
        return Loader(partial(_load_pages, self._reading), self._turns, objects_in=_rows)

    @cached_property
    def kept_walks(self) -> Loader[Walk, str]:
        return Loader(self._reading.keep_walks, self._turns)

    @cached_property
    def counts(self) -> Loader[Listing[Any], int]:
        return Loader(self._reading.load_counts, self._turns)

    @cached_property
    def metrics(self) -> Loader[MetricsRequest, MetricsReading]:
        return Loader(self._reading.load_metrics, self._turns)

    @cached_property
    def summaries(self) -> Loader[SummaryRequest, Readings]:
        return Loader(self._reading.load_summaries, self._turns)

    @cached_property
    def series(self) -> Loader[SeriesRequest, Readings]:
        return Loader(self._reading.load_series, self._turns, objects_in=len)

    @cached_property
    def list_series(self) -> Loader[ListSeriesRequest, tuple[Readings, ...]]:
        return Loader(self._reading.load_list_series, self._turns)

    @cached_property
    def marks(self) -> Loader[MarksRequest, list[DayMark]]:
        return Loader(self._reading.load_marks, self._turns)

    @cached_property
    def restatements(self) -> Loader[RestatementRequest, tuple[RestatementReading, ...]]:
        return Loader(self._reading.load_restatements, self._turns, objects_in=len)

    @cached_property
    def leaderboards(self) -> Loader[LeaderboardRequest, LeaderboardReading | None]:
        return Loader(self._reading.load_leaderboards, self._turns)

    @cached_property
    def day_summaries(self) -> Loader[date, DaySummary | None]:
        return Loader(self._reading.load_day_summaries, self._turns)

    @cached_property
    def page_metrics(self) -> Loader[UUID, list[MetricRow]]:
        return Loader(self._reading.load_page_metrics, self._turns)

    @cached_property
    def page_series(self) -> Loader[PageSeriesRequest, list[list[DayValue]]]:
        return Loader(self._reading.load_page_series, self._turns, objects_in=len)

    @cached_property
    def post_values(self) -> Loader[UUID, list[PostValueRow]]:
        return Loader(self._reading.load_post_values, self._turns)

    @cached_property
    def account_freshness(self) -> Loader[UUID, AccountFreshness | None]:
        return Loader(self._reading.load_account_freshness, self._turns)

    @cached_property
    def days_freshness(self) -> Loader[FreshnessRequest, DaysFreshness | None]:
        return Loader(self._reading.load_days_freshness, self._turns)

    @cached_property
    def run_progress(self) -> Loader[UUID, RunProgress]:
        return Loader(self._reading.load_run_progress, self._turns)

    @cached_property
    def sync_warnings(self) -> Loader[UUID, list[WarningRow]]:
        return Loader(self._reading.load_sync_warnings, self._turns, objects_in=len)

    @cached_property
    def job_warnings(self) -> Loader[UUID, list[WarningRow]]:
        return Loader(self._reading.load_job_warnings, self._turns, objects_in=len)

    async def forget(self) -> None:
        """Drop all answers, which may be many, in several turns of the event loop."""
        for loader in (*vars(self).values(), *self._rows.values()):
            if isinstance(loader, Loader):
                await cast("Loader[Any, Any]", loader).forget()

    def rows(self, source: Source[Row]) -> Loader[UUID, Row | None]:
        """Rows of one kind by id."""
        if source.name not in self._rows:
            self._rows[source.name] = Loader(partial(self._reading.load_rows, source), self._turns)
        return self._rows[source.name]

    async def load_optional(self, source: Source[Row], ids: Sequence[UUID | None]) -> list[Row | None]:
        """Rows of one kind by ids of which some are None; their rows are None."""
        wanted = list(dict.fromkeys(key for key in ids if key is not None))
        found = dict(zip(wanted, await self.rows(source).load_many(wanted), strict=True))
        return [found[key] if key is not None else None for key in ids]
