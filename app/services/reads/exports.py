"""Exports: a whole list with its numbers, however long, from one snapshot and in a memory that does not grow with it.

The list is a cursor of the database's, from which some entities are taken at a time; their numbers are read by the
same functions that answer a list's `metrics` and `series`, so that they are the same numbers.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.series import Granularity
from app.queries.lists.directory import get_calendar
from app.queries.lists.exports import EntityCursor, ExportedEntity, open_cursor
from app.queries.lists.parameters import Parameters
from app.services.reads.calendar import Calendar
from app.services.reads.lists import ListReader
from app.services.reads.metrics import MetricsReading, MetricsRequest, days_over, measure_entities
from app.services.reads.request_snapshot import RequestSnapshot
from app.services.reads.series import SeriesRequest, measure_series

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.periods import Period
    from app.metrics.ranges import DateRange
    from app.queries.lists.entities import EntityRow
    from app.queries.lists.listings import Listing
    from app.services.context import Services

# Processed without yielding to the event loop: a few milliseconds in which no request is served.
ENTITIES_AT_ONCE = 50
NUMBERS_AT_ONCE = 500
_SHORTEST = {Granularity.DAY: 1, Granularity.WEEK: 7, Granularity.MONTH: 28}


class ExportRequest(NamedTuple):
    """A list and a period; with a granularity, the numbers of each bucket that has any."""

    listing: Listing[EntityRow]
    period: Period
    granularity: Granularity | None


class ExportedNumbers(NamedTuple):
    """An entity and its numbers: of the whole period, or of each bucket that has any, the earliest first.

    `currency` is what its account has now, and so its budget.
    """

    entity: ExportedEntity
    currency: str
    readings: tuple[MetricsReading, ...]


class Exporter:
    """Serves one request: opened once, then read to its end. Must be closed, also after an error.

    Opening raises NotAMemberError unless the user is a member of the seller.
    """

    def __init__(self, services: Services, *, seller_id: UUID, user_id: UUID) -> None:
        self._settings = services.settings
        self._seller_id = seller_id
        self._snapshot = RequestSnapshot(services.database.app, seller_id=seller_id, user_id=user_id)
        self._opened: _Opened | None = None

    @property
    def request(self) -> ExportRequest:
        return self._open.request

    @property
    def days(self) -> DateRange | None:
        """The period's days, over all ad accounts; None without any account."""
        calendar, period = self._open.calendar, self.request.period
        spans = [calendar.span(period, account_id) for account_id in calendar.accounts]
        return days_over(span.days for span in spans) if spans else None

    async def open(self, request: ExportRequest) -> None:
        """Run the list. Raises InputError for days that are no longer kept, and MixedCurrenciesError."""
        self._opened = await self._snapshot.ask(lambda driver: self._run(driver, request))

    async def read(self) -> list[ExportedNumbers]:
        """The next entities of the list with their numbers; none at the end."""
        opened = self._open

        async def question(driver: Driver) -> list[ExportedNumbers]:
            entities = await opened.cursor.fetch(opened.entities_at_once)
            return await self._measured(driver, opened, entities) if entities else []

        return await self._snapshot.ask(question)

    async def close(self) -> None:
        """Give the connection back; a statement that still runs is cancelled."""
        await self._snapshot.close()

    @property
    def _open(self) -> _Opened:
        if self._opened is None:
            raise RuntimeError("the export was not opened")
        return self._opened

    async def _run(self, driver: Driver, request: ExportRequest) -> _Opened:
        calendar = Calendar(await get_calendar(driver, self._seller_id), self._settings)

        async def known_calendar(_driver: Driver) -> Calendar:
            return calendar

        reader = ListReader(self._seller_id, known_calendar)
        await reader.check_currencies(driver, [request.listing], ordered=True)
        longest = max(
            ((days.to_date - days.from_date).days + 1 for days in calendar.days_of(request.period)), default=1
        )
        cursor = await open_cursor(driver, request.listing, Parameters(self._seller_id, calendar.days_of))
        return _Opened(request, calendar, cursor, _entities_at_once(longest, request.granularity))

    async def _measured(self, driver: Driver, opened: _Opened, entities: list[ExportedEntity]) -> list[ExportedNumbers]:
        (listing, period, granularity), calendar = opened.request, opened.calendar

        def currency_of(entity: ExportedEntity) -> str:
            return calendar.accounts[entity.row.account_id].currency

        asked = [
            MetricsRequest(listing.source.measured_level, entity.row.id, entity.row.account_id, period)
            for entity in entities
        ]
        if granularity is None:
            totals = await measure_entities(driver, self._seller_id, calendar, asked)
            return [
                ExportedNumbers(entity, currency_of(entity), (total,))
                for entity, total in zip(entities, totals, strict=True)
            ]
        by_bucket = [SeriesRequest(*request, granularity) for request in asked]
        found = await measure_series(driver, self._seller_id, calendar, by_bucket, filled=False)
        return [
            ExportedNumbers(entity, currency_of(entity), series) for entity, series in zip(entities, found, strict=True)
        ]


class _Opened(NamedTuple):
    request: ExportRequest
    calendar: Calendar
    cursor: EntityCursor
    entities_at_once: int


def _entities_at_once(days: int, granularity: Granularity | None) -> int:
    """As many entities as have about the number of values that may be held at once."""
    each = 1 if granularity is None else days // _SHORTEST[granularity] + 1
    return max(1, min(ENTITIES_AT_ONCE, NUMBERS_AT_ONCE // each))


@asynccontextmanager
async def open_exporter(services: Services, *, seller_id: UUID, user_id: UUID) -> AsyncGenerator[Exporter]:
    """An exporter that is closed at the end, however that comes about."""
    exporter = Exporter(services, seller_id=seller_id, user_id=user_id)
    try:
        yield exporter
    finally:
        await exporter.close()
