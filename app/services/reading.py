"""What one request reads of one seller: everything from one snapshot, over one connection, many things at a time.

Each `load_` function takes all that is wanted of a kind at once and answers in that order, by a number of statements
that depends on how many different shapes are asked for and never on how many things. Changes nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar
from uuid import UUID  # noqa: TC003  # NamedTuples of it are made at run time

from app.clock import today_in
from app.database.transactions import read_snapshot
from app.errors import UnauthenticatedError
from app.metrics.levels import Level  # noqa: TC001  # likewise
from app.metrics.ranges import DateRange, RangeSpec, is_final
from app.queries.directory import AccountCalendar, list_calendars
from app.queries.entities import ENTITIES, EntityRow
from app.queries.listings import Listing, Page, Window, count_rows, list_pages
from app.queries.metric_sums import AccountDays, EntityDays, sum_entities, sum_listings
from app.queries.sources import Row, Source, load_rows
from app.queries.viewers import ViewerRow, find_viewer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.database.driver import Driver
    from app.metrics.counters import Counters
    from app.queries.metric_sums import Sum

Wanted = TypeVar("Wanted")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class PageRequest(Generic[Row]):
    """One page of one list."""

    listing: Listing[Row]
    window: Window


class MetricsRequest(NamedTuple):
    """One entity's metrics over a range."""

    level: Level
    entity_id: UUID
    account_id: UUID
    days: RangeSpec


class SummaryRequest(NamedTuple):
    """The metrics of everything that a list of entities matches, over a range."""

    level: Level
    listing: Listing[EntityRow]
    days: RangeSpec


@dataclass(frozen=True, slots=True)
class MetricsReading:
    """A sum in one currency, how fresh it is, and whether the platform may still restate it."""

    counters: Counters
    currency: str
    has_data: bool
    synced_at: datetime | None
    is_final: bool


class Reading:
    """One seller's rows as of the first load. Close it when the request ends, however it ends."""

    def __init__(self, engine: AsyncEngine, *, seller_id: UUID, user_id: UUID, max_range_days: int) -> None:
        self._engine = engine
        self._seller_id = seller_id
        self._user_id = user_id
        self._max_range_days = max_range_days
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._opening: asyncio.Task[Driver] | None = None
        self._running: asyncio.Task[object] | None = None
        self._closed = False
        self._calendars: dict[UUID, AccountCalendar] | None = None
        self._resolved: dict[tuple[RangeSpec, str], tuple[DateRange, bool]] = {}

    async def close(self) -> None:
        """Give the connection back; a statement that still runs is cancelled, and nothing can be loaded any more.

        It goes on to its end even when the caller is cancelled.
        """
        await asyncio.shield(asyncio.create_task(self._close()))

    async def load_rows(self, source: Source[Row], ids: Sequence[UUID]) -> list[Row | None]:
        """Rows of one kind by id; None for what this seller does not have."""
        found = await self._ask(lambda driver: load_rows(driver, self._seller_id, source, ids))
        return [found.get(wanted) for wanted in ids]

    async def load_entities(self, level: Level, ids: Sequence[UUID]) -> list[EntityRow | None]:
        return await self.load_rows(ENTITIES[level], ids)

    async def load_pages(self, wanted: Sequence[PageRequest[Row]]) -> list[Page[Row]]:
        """Pages of any lists: one statement for all lists that differ in nothing but their parent."""

        async def load(group: Sequence[PageRequest[Row]]) -> Sequence[Page[Row]]:
            listings, window = [request.listing for request in group], group[0].window
            return await self._ask(lambda driver: list_pages(driver, self._seller_id, listings, window))

        return await _by_shape(wanted, lambda request: (request.listing.shape, request.window), load)

    async def load_counts(self, wanted: Sequence[Listing[Row]]) -> list[int]:
        """How many rows each list has."""

        async def load(group: Sequence[Listing[Row]]) -> Sequence[int]:
            return await self._ask(lambda driver: count_rows(driver, self._seller_id, group))

        return await _by_shape(wanted, lambda listing: listing.shape, load)

    async def load_metrics(self, wanted: Sequence[MetricsRequest]) -> list[MetricsReading]:
        """Metrics of any entities over any ranges: one statement a level."""

        async def load(group: Sequence[MetricsRequest]) -> Sequence[MetricsReading]:
            return await self._ask(lambda driver: self._entity_metrics(driver, group))

        return await _by_shape(wanted, lambda request: request.level, load)

    async def load_summaries(self, wanted: Sequence[SummaryRequest]) -> list[tuple[MetricsReading, ...]]:
        """The totals of lists of entities, one for each currency among what they match."""

        async def load(group: Sequence[SummaryRequest]) -> Sequence[tuple[MetricsReading, ...]]:
            return await self._ask(lambda driver: self._summaries(driver, group))

        return await _by_shape(wanted, lambda request: (request.level, request.listing.shape, request.days), load)

    async def get_viewer(self) -> ViewerRow:
        """Who asks. Raises UnauthenticatedError once the user, the seller or the membership is no longer active."""
        viewer = await self._ask(lambda driver: find_viewer(driver, self._seller_id, self._user_id))
        if viewer is None:
            raise UnauthenticatedError("The access token is no longer valid.")
        return viewer

    async def _ask(self, question: Callable[[Driver], Awaitable[Found]]) -> Found:
        """Run statements on the snapshot, which the first question opens; one question at a time."""
        async with self._lock:
            if self._closed:
                raise RuntimeError("the request is over; nothing more is read for it")
            self._running = asyncio.current_task()
            try:
                return await question(await self._open())
            finally:
                self._running = None

    async def _open(self) -> Driver:
        """The snapshot. Opened in a task of its own: a connection that is cancelled half-made would be lost."""
        if self._opening is None:
            snapshot = read_snapshot(self._engine, self._seller_id)
            self._opening = asyncio.create_task(self._stack.enter_async_context(snapshot))
        return await asyncio.shield(self._opening)

    async def _close(self) -> None:
        self._closed = True
        if self._running is not None:
            self._running.cancel()
        async with self._lock:
            if self._opening is not None:
                await asyncio.wait([self._opening])
            await self._stack.aclose()

    async def _entity_metrics(self, driver: Driver, group: Sequence[MetricsRequest]) -> list[MetricsReading]:
        calendars = await self._load_calendars(driver)
        days = [self._days(request.days, calendars[request.account_id]) for request in group]
        asked = [
            EntityDays(request.entity_id, request.account_id, span.from_date, span.to_date)
            for request, (span, _) in zip(group, days, strict=True)
        ]
        sums = await sum_entities(driver, self._seller_id, group[0].level, asked)
        return [
            _reading(total, currency=calendars[request.account_id].currency, final=final)
            for request, (_, final), total in zip(group, days, sums, strict=True)
        ]

    async def _summaries(self, driver: Driver, group: Sequence[SummaryRequest]) -> list[tuple[MetricsReading, ...]]:
        calendars = await self._load_calendars(driver)
        accounts: list[AccountDays] = []
        for calendar in calendars.values():
            span, final = self._days(group[0].days, calendar)
            accounts.append(
                AccountDays(calendar.account_id, calendar.currency, span.from_date, span.to_date, is_final=final)
            )
        listings = [request.listing for request in group]
        totals = await sum_listings(driver, self._seller_id, group[0].level, listings, accounts)
        return [
            tuple(_reading(total.sum, currency=total.currency, final=total.is_final) for total in of_one)
            for of_one in totals
        ]

    async def _load_calendars(self, driver: Driver) -> dict[UUID, AccountCalendar]:
        if self._calendars is None:
            calendars = await list_calendars(driver, self._seller_id)
            self._calendars = {calendar.account_id: calendar for calendar in calendars}
        return self._calendars

    def _days(self, spec: RangeSpec, calendar: AccountCalendar) -> tuple[DateRange, bool]:
        """The days of a range in an account's zone, and whether they are final; the same all through the request."""
        key = (spec, calendar.time_zone)
        if key not in self._resolved:
            span = spec.resolve(time_zone=calendar.time_zone, max_range_days=self._max_range_days)
            self._resolved[key] = span, is_final(span, today=today_in(calendar.time_zone))
        return self._resolved[key]


def _reading(total: Sum, *, currency: str, final: bool) -> MetricsReading:
    return MetricsReading(total.counters, currency, total.has_data, total.synced_at, final)


async def _by_shape(
    wanted: Sequence[Wanted],
    shape_of: Callable[[Wanted], Hashable],
    load: Callable[[Sequence[Wanted]], Awaitable[Sequence[Found]]],
) -> list[Found]:
    """Load what has the same shape together; the answers come in the order of what was wanted."""
    places: dict[Hashable, list[int]] = {}
    for place, item in enumerate(wanted):
        places.setdefault(shape_of(item), []).append(place)
    found: dict[int, Found] = {}
    for group in places.values():
        found.update(zip(group, await load([wanted[place] for place in group]), strict=True))
    return [found[place] for place in range(len(wanted))]
