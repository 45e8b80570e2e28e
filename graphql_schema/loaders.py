"""The dataloaders of one request, over the batch functions of `Reading`: what is asked for twice is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from strawberry.dataloader import DataLoader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from uuid import UUID

    from app.errors import PixecomError
    from app.queries.listings import Listing
    from app.queries.sources import Row, Source
    from app.queries.walks import Walk
    from app.services.list_reading import PageReading, PageRequest
    from app.services.marks import DayMark, MarksRequest
    from app.services.measuring import MetricsReading, MetricsRequest, SummaryRequest
    from app.services.reading import Answers, Reading
    from app.services.restatements import RestatementReading, RestatementRequest
    from app.services.series import ListSeriesRequest, SeriesRequest

    Readings = tuple[MetricsReading, ...]

Key = TypeVar("Key")
Found = TypeVar("Found")


def _answers(
    load: Callable[[Sequence[Key]], Awaitable[Answers[Found]]],
) -> Callable[[list[Key]], Awaitable[Sequence[Found | BaseException]]]:
    """As Strawberry's DataLoader takes it: an error in the place of an answer is raised for that key alone."""

    async def answer(keys: list[Key]) -> Sequence[Found | PixecomError]:
        return await load(keys)

    return answer


class Loaders:
    """Keys are values: the same question is an equal key."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._rows: dict[str, DataLoader[UUID, Any]] = {}
        self.pages: DataLoader[PageRequest[Any], PageReading[Any]] = DataLoader(_answers(reading.load_pages))
        self.kept_walks: DataLoader[Walk, str] = DataLoader(reading.keep_walks)
        self.counts: DataLoader[Listing[Any], int] = DataLoader(_answers(reading.load_counts))
        self.metrics: DataLoader[MetricsRequest, MetricsReading] = DataLoader(_answers(reading.load_metrics))
        self.summaries: DataLoader[SummaryRequest, Readings] = DataLoader(_answers(reading.load_summaries))
        self.series: DataLoader[SeriesRequest, Readings] = DataLoader(_answers(reading.load_series))
        self.list_series: DataLoader[ListSeriesRequest, tuple[Readings, ...]] = DataLoader(
            _answers(reading.load_list_series)
        )
        self.marks: DataLoader[MarksRequest, list[DayMark]] = DataLoader(_answers(reading.load_marks))
        self.restatements: DataLoader[RestatementRequest, tuple[RestatementReading, ...]] = DataLoader(
            _answers(reading.load_restatements)
        )

    def rows(self, source: Source[Row]) -> DataLoader[UUID, Row | None]:
        """Rows of one kind by id."""
        if source.name not in self._rows:

            async def load(ids: list[UUID]) -> list[Row | None]:
                return await self._reading.load_rows(source, ids)

            self._rows[source.name] = DataLoader(load)
        return self._rows[source.name]

    async def load_optional(self, source: Source[Row], ids: Sequence[UUID | None]) -> list[Row | None]:
        """Rows of one kind by ids of which some are None; their rows are None."""
        wanted = list(dict.fromkeys(key for key in ids if key is not None))
        found = dict(zip(wanted, await self.rows(source).load_many(wanted), strict=True))
        return [found[key] if key is not None else None for key in ids]
