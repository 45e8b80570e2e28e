"""What one request reads of one seller: everything from one snapshot, over one connection, many things at a time.

Each `load_` function takes all that is wanted of a kind at once and answers in that order, by a number of statements
that depends on how many different shapes are asked for and never on how many things. What can't be answered for a
reason of the caller's own is answered by that error in its place, so that it spoils nothing else. Changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, Union

from app import clock
from app.errors import NotAMemberError, NotFoundError, PixecomError
from app.queries.lists.directory import get_calendar
from app.queries.lists.entities import ENTITIES, EntityRow
from app.queries.lists.fb_pages import list_metrics, list_post_values
from app.queries.lists.sources import Row, Source, load_rows
from app.queries.viewers import ViewerRow, find_viewer
from app.services.fb_pages.series import load_page_series
from app.services.jobs.run_progress import load_run_progress
from app.services.reads.annotations import EntityMarksRequest, load_marks
from app.services.reads.calendar import Calendar
from app.services.reads.day_summaries import load_day_summaries
from app.services.reads.freshness import AccountsFreshness, load_accounts_freshness, load_days_freshness
from app.services.reads.leaderboards import load_leaderboards
from app.services.reads.lists import ListReader
from app.services.reads.metrics import measure_entities, measure_listings
from app.services.reads.pinned_orders import PinnedWalks
from app.services.reads.request_snapshot import RequestSnapshot
from app.services.reads.restatements import load_restatements
from app.services.reads.series import measure_list_series, measure_series
from app.services.reads.walk_parts import WalkPosition
from app.services.warnings.reading import load_job_warnings, load_warnings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence
    from datetime import date
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.levels import Level
    from app.queries.lists.fb_pages import MetricRow, PostValueRow
    from app.queries.lists.listings import Listing
    from app.queries.lists.walks import Walk
    from app.queries.warnings.reading import WarningRow
    from app.services.context import Services
    from app.services.fb_pages.series import DayValue, PageSeriesRequest
    from app.services.jobs.run_progress import RunProgress
    from app.services.reads.annotations import DayMark, MarksRequest
    from app.services.reads.day_summaries import DaySummary
    from app.services.reads.freshness import AccountFreshness, DaysFreshness, FreshnessRequest
    from app.services.reads.leaderboards import LeaderboardReading, LeaderboardRequest
    from app.services.reads.lists import PageReading, PageRequest
    from app.services.reads.metrics import MetricsReading, MetricsRequest, SummaryRequest
    from app.services.reads.restatements import RestatementReading, RestatementRequest
    from app.services.reads.series import ListSeriesRequest, Series, SeriesRequest

Wanted = TypeVar("Wanted")
Found = TypeVar("Found")
Answers = list[Union[Found, PixecomError]]  # noqa: UP007  # an alias of a type variable is made at run time


class Reading:
    """One seller's rows as of the first load, for a user who is a member then. Must be closed, also after an error.

    Every load raises NotAMemberError for anyone else.
    """

    def __init__(self, services: Services, *, seller_id: UUID, user_id: UUID) -> None:
        self._services = services
        self._seller_id = seller_id
        self._user_id = user_id
        self._snapshot = RequestSnapshot(services.database.app, seller_id=seller_id, user_id=user_id)
        self._walks = PinnedWalks(services.redis, seller_id)
        self._calendar = _CalendarOnce(services, seller_id)
        self._freshness: AccountsFreshness | None = None
        self._lists = ListReader(seller_id, self._calendar.load)

    async def open(self) -> None:
        """Open the snapshot unless something was already loaded from it."""
        await self._snapshot.open()

    async def close(self) -> None:
        """Give the connection back; a statement that still runs is cancelled, and nothing can be loaded any more."""
        await self._snapshot.close()

    async def load_rows(self, source: Source[Row], ids: Sequence[UUID]) -> list[Row | None]:
        """Rows of one kind by id; None for what this seller does not have."""
        found = await self._snapshot.ask(lambda driver: load_rows(driver, self._seller_id, source, ids))
        return [found.get(wanted) for wanted in ids]

    async def load_entities(self, level: Level, ids: Sequence[UUID]) -> list[EntityRow | None]:
        return await self.load_rows(ENTITIES[level], ids)

    async def load_pages(self, wanted: Sequence[PageRequest[Row]]) -> Answers[PageReading[Row]]:
        """Pages of any lists: one statement, two for pinned orders, for lists that differ in nothing but their parent.

        MixedCurrenciesError for lists that compare money of several currencies, CursorExpiredError for a walk that is
        no longer kept, UnavailableError for one that can't be read just now.
        """

        async def load(group: Sequence[PageRequest[Row]]) -> Sequence[PageReading[Row]]:
            window = group[0].window
            if not isinstance(window.position, WalkPosition) or window.position.row_id:
                return await self._snapshot.ask(lambda driver: self._lists.load_pages(driver, group))
            await self._snapshot.open()  # check membership before asking Redis
            part = await self._walks.read(window.position, size=window.size, backwards=window.backwards)
            return await self._snapshot.ask(lambda driver: self._lists.load_walked(driver, group, part))

        return await _by_shape(wanted, lambda request: (request.listing.shape, request.window), load)

    async def keep_walks(self, walks: Sequence[Walk]) -> list[str]:
        """Pin the orders of lists from now on; answers what they are called."""
        await self._walks.keep(walks)
        return [self._walks.name(walk) for walk in walks]

    async def load_counts(self, wanted: Sequence[Listing[Row]]) -> Answers[int]:
        """How many rows each list has. MixedCurrenciesError as for pages."""

        async def load(group: Sequence[Listing[Row]]) -> Sequence[int]:
            return await self._snapshot.ask(lambda driver: self._lists.count(driver, group))

        return await _by_shape(wanted, lambda listing: listing.shape, load)

    async def load_metrics(self, wanted: Sequence[MetricsRequest]) -> Answers[MetricsReading]:
        """Numbers of any entities over any periods: one statement a level and instant."""

        async def load(group: Sequence[MetricsRequest]) -> Sequence[MetricsReading]:
            return await self._measure(measure_entities, group)

        return await _by_shape(wanted, lambda request: (request.level, request.period.as_of), load)

    async def load_summaries(self, wanted: Sequence[SummaryRequest]) -> Answers[tuple[MetricsReading, ...]]:
        """The totals of lists of entities, one for each currency among what they match."""

        async def load(group: Sequence[SummaryRequest]) -> Sequence[tuple[MetricsReading, ...]]:
            await self._snapshot.ask(
                lambda driver: self._lists.check_currencies(driver, [each.listing for each in group])
            )
            return await self._measure(measure_listings, group)

        return await _by_shape(wanted, lambda request: (request.listing.shape, request.period), load)

    async def load_series(self, wanted: Sequence[SeriesRequest]) -> Answers[Series]:
        """Numbers of any entities by day, week or month: two statements a level, instant and granularity."""

        async def load(group: Sequence[SeriesRequest]) -> Sequence[Series]:
            return await self._measure(measure_series, group)

        return await _by_shape(wanted, lambda request: (request.level, request.period.as_of, request.granularity), load)

    async def load_list_series(self, wanted: Sequence[ListSeriesRequest]) -> Answers[tuple[Series, ...]]:
        """The totals of lists of entities by day, week or month, one series for each currency among what they match."""

        async def load(group: Sequence[ListSeriesRequest]) -> Sequence[tuple[Series, ...]]:
            await self._snapshot.ask(
                lambda driver: self._lists.check_currencies(driver, [each.listing for each in group])
            )
            return await self._measure(measure_list_series, group)

        return await _by_shape(
            wanted, lambda request: (request.listing.shape, request.period, request.granularity), load
        )

    async def load_restatements(self, wanted: Sequence[RestatementRequest]) -> Answers[tuple[RestatementReading, ...]]:
        """How the days of any entities moved between snapshots: one statement a level, kind of base and instant."""

        async def load(group: Sequence[RestatementRequest]) -> Sequence[tuple[RestatementReading, ...]]:
            return await self._measure(load_restatements, group)

        return await _by_shape(
            wanted, lambda request: (request.level, request.since_day_end, request.period.as_of), load
        )

    async def load_marks(self, wanted: Sequence[MarksRequest]) -> Answers[list[DayMark]]:
        """Changes of status on the days of series: one statement for entities, and one for lists of one shape."""

        async def load(group: Sequence[MarksRequest]) -> Sequence[list[DayMark]]:
            return await self._measure(load_marks, group)

        return await _by_shape(wanted, _shape_of_marks, load)

    async def load_account_freshness(self, account_ids: Sequence[UUID]) -> list[AccountFreshness | None]:
        """How far accounts are behind: one statement a request; None for one that is deactivated."""
        accounts = await self._snapshot.ask(self._load_freshness)
        return [accounts.of_account(account_id) for account_id in account_ids]

    async def load_days_freshness(self, wanted: Sequence[FreshnessRequest]) -> list[DaysFreshness | None]:
        """How far numbers of days are behind: one statement, besides the one for the accounts."""

        async def question(driver: Driver) -> list[DaysFreshness | None]:
            return await load_days_freshness(driver, self._seller_id, await self._load_freshness(driver), wanted)

        return await self._snapshot.ask(question)

    async def load_run_progress(self, run_ids: Sequence[UUID]) -> Answers[RunProgress]:
        """How far runs are: one statement. NotFoundError for what is not the seller's."""
        found = await self._snapshot.ask(lambda driver: load_run_progress(driver, self._seller_id, run_ids))
        return [progress or NotFoundError("There is no such run.") for progress in found]

    async def load_leaderboards(self, wanted: Sequence[LeaderboardRequest]) -> Answers[LeaderboardReading | None]:
        """Who did best on days: one statement. MixedCurrenciesError for money of several currencies."""
        return await self._snapshot.ask(lambda driver: load_leaderboards(driver, self._seller_id, wanted))

    async def load_day_summaries(self, days: Sequence[date]) -> list[DaySummary | None]:
        """Days of the seller: two statements. None for those that were not aggregated."""
        return await self._measure(load_day_summaries, days)

    async def load_page_metrics(self, page_ids: Sequence[UUID]) -> list[list[MetricRow]]:
        """What is known of the metrics of pages: one statement."""
        found = await self._snapshot.ask(lambda driver: list_metrics(driver, self._seller_id, page_ids))
        return [found[page_id] for page_id in page_ids]

    async def load_page_series(self, wanted: Sequence[PageSeriesRequest]) -> list[list[list[DayValue]]]:
        """Metrics of pages by day: one statement."""
        longest = self._services.settings.max_range_days
        return await self._snapshot.ask(
            lambda driver: load_page_series(driver, self._seller_id, wanted, max_range_days=longest)
        )

    async def load_post_values(self, post_ids: Sequence[UUID]) -> list[list[PostValueRow]]:
        """What the metrics of posts have come to: one statement."""
        found = await self._snapshot.ask(lambda driver: list_post_values(driver, self._seller_id, post_ids))
        return [found[post_id] for post_id in post_ids]

    async def load_sync_warnings(self, connection_ids: Sequence[UUID]) -> list[list[WarningRow]]:
        """What is odd of ad accounts and pages now: one statement."""
        return await self._snapshot.ask(lambda driver: load_warnings(driver, self._seller_id, connection_ids))

    async def load_job_warnings(self, job_ids: Sequence[UUID]) -> list[list[WarningRow]]:
        """What jobs found odd: one statement."""
        return await self._snapshot.ask(lambda driver: load_job_warnings(driver, self._seller_id, job_ids))

    async def get_viewer(self) -> ViewerRow:
        """The caller, with the current role of the membership."""
        viewer = await self._snapshot.ask(lambda driver: find_viewer(driver, self._seller_id, self._user_id))
        if viewer is None:
            raise NotAMemberError
        return viewer

    async def _measure(
        self,
        measure: Callable[[Driver, UUID, Calendar, Sequence[Wanted]], Awaitable[Found]],
        group: Sequence[Wanted],
    ) -> Found:
        async def question(driver: Driver) -> Found:
            return await measure(driver, self._seller_id, await self._calendar.load(driver), group)

        return await self._snapshot.ask(question)

    async def _load_freshness(self, driver: Driver) -> AccountsFreshness:
        if self._freshness is None:
            interval = timedelta(minutes=self._services.settings.stats_interval_minutes)
            self._freshness = await load_accounts_freshness(driver, self._seller_id, now=clock.now(), interval=interval)
        return self._freshness

    async def load_calendar(self) -> Calendar:
        """The seller's ad accounts, and what periods mean in them."""
        return await self._snapshot.ask(self._calendar.load)


class _CalendarOnce:
    """A seller's calendar, loaded when it is first needed."""

    def __init__(self, services: Services, seller_id: UUID) -> None:
        self._services = services
        self._seller_id = seller_id
        self._loaded: Calendar | None = None

    async def load(self, driver: Driver) -> Calendar:
        if self._loaded is None:
            self._loaded = Calendar(await get_calendar(driver, self._seller_id), self._services.settings)
        return self._loaded


def _shape_of_marks(request: MarksRequest) -> Hashable:
    if isinstance(request, EntityMarksRequest):
        return None
    return request.listing.shape, request.period, request.currency


async def _by_shape(
    wanted: Sequence[Wanted],
    shape_of: Callable[[Wanted], Hashable],
    load: Callable[[Sequence[Wanted]], Awaitable[Sequence[Found | PixecomError]]],
) -> Answers[Found]:
    """Load what has the same shape together; the answers come in the order of what was wanted."""
    places: dict[Hashable, list[int]] = {}
    for place, item in enumerate(wanted):
        places.setdefault(shape_of(item), []).append(place)
    found: dict[int, Found | PixecomError] = {}
    for group in places.values():
        try:
            answers = await load([wanted[place] for place in group])
        except PixecomError as error:
            answers = [error] * len(group)
        found.update(zip(group, answers, strict=True))
    return [found[place] for place in range(len(wanted))]
