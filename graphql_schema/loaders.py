"""The dataloaders of one request, over the batch functions of `Reading`: what is asked for twice is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strawberry.dataloader import DataLoader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.queries.listings import Listing, Page
    from app.queries.sources import Row, Source
    from app.services.reading import MetricsReading, MetricsRequest, PageRequest, Reading, SummaryRequest


class Loaders:
    """Keys are values: the same question is an equal key."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._rows: dict[str, DataLoader[UUID, Any]] = {}
        self.pages: DataLoader[PageRequest[Any], Page[Any]] = DataLoader(reading.load_pages)
        self.counts: DataLoader[Listing[Any], int] = DataLoader(reading.load_counts)
        self.metrics: DataLoader[MetricsRequest, MetricsReading] = DataLoader(reading.load_metrics)
        self.summaries: DataLoader[SummaryRequest, tuple[MetricsReading, ...]] = DataLoader(reading.load_summaries)

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
