"""Pages and counts of lists, whatever they are ordered by.

A list whose order lasts is paged by keyset. Any other is walked: its first page comes with the order of all ids, which
may be pinned, and later pages are parts of that walk, with the rows as they are now. What fitted one page was not
pinned; paging on from there follows the current order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from app.errors import CursorExpiredError, MixedCurrenciesError
from app.queries.lists.listings import Listing, Window, count_rows, list_account_ids, list_pages
from app.queries.lists.parameters import Parameters
from app.queries.lists.sources import Row, load_rows
from app.queries.lists.walks import list_walks
from app.services.reads.walk_parts import WalkPart, WalkPosition, part_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from uuid import UUID

    from app.database.driver import Driver
    from app.queries.lists.conditions import MoneyUse
    from app.queries.lists.walks import Walk
    from app.services.reads.calendar import Calendar


_DAYS_OF_ONE = "choose days on which each ad account reported in one currency"


@dataclass(frozen=True, slots=True)
class PageRequest(Generic[Row]):
    """One page of one list."""

    listing: Listing[Row]
    window: Window


@dataclass(frozen=True, slots=True)
class PageReading(Generic[Row]):
    """Rows in the list's order, and whether there are more on either side; `part` tells the page's place in a walk."""

    rows: tuple[Row, ...]
    has_next: bool
    has_previous: bool
    part: WalkPart | None = None


class ListReader:
    """One request's; it asks for the seller's accounts only where money or days need them."""

    def __init__(self, seller_id: UUID, load_calendar: Callable[[Driver], Awaitable[Calendar]]) -> None:
        self._seller_id = seller_id
        self._load_calendar = load_calendar
        self._walks: dict[Listing[Any], Walk] = {}
        self._accounts: dict[tuple[object, ...], list[UUID]] = {}

    async def load_pages(self, driver: Driver, group: Sequence[PageRequest[Row]]) -> list[PageReading[Row]]:
        """Pages of lists of one shape; of what is walked no page of a kept walk. Raises MixedCurrenciesError."""
        listings, window = [request.listing for request in group], group[0].window
        await self.check_currencies(driver, listings, ordered=True)
        if not listings[0].order.pinned:
            pages = await list_pages(driver, listings, window, await self._parameters(driver, listings[0]))
            return [PageReading(page.rows, page.has_next, page.has_previous) for page in pages]
        walks = await self._load_walks(driver, listings)
        position = window.position if isinstance(window.position, WalkPosition) else None
        parts = [part_of(walk, position, size=window.size, backwards=window.backwards) for walk in walks]
        return await self._rows_of(driver, listings[0], parts)

    async def load_walked(
        self, driver: Driver, group: Sequence[PageRequest[Row]], part: WalkPart | None
    ) -> list[PageReading[Row]]:
        """The rows, as they are now, of a part of a pinned walk. Raises CursorExpiredError when there is none."""
        listing, window = group[0].listing, group[0].window
        if part is None:
            argument = "before" if window.backwards else "after"
            raise CursorExpiredError(argument, "the order that it belongs to is no longer kept; start again without it")
        return await self._rows_of(driver, listing, [part]) * len(group)

    async def _rows_of(
        self, driver: Driver, listing: Listing[Row], parts: Sequence[WalkPart]
    ) -> list[PageReading[Row]]:
        ids = [key for part in parts for key in part.ids]
        rows = await load_rows(driver, self._seller_id, listing.source, ids) if ids else {}
        return [_page(part, rows) for part in parts]

    async def count(self, driver: Driver, listings: Sequence[Listing[Row]]) -> list[int]:
        """How many rows there are in lists of one shape. Raises MixedCurrenciesError.

        What has to be measured to be counted is walked, so that page and count measure it once.
        """
        await self.check_currencies(driver, listings)
        if listings[0].order.pinned and listings[0] != listings[0].without_metrics():
            return [len(walk) for walk in await self._load_walks(driver, listings)]
        return await count_rows(driver, listings, await self._parameters(driver, listings[0]))

    async def _load_walks(self, driver: Driver, listings: Sequence[Listing[Row]]) -> list[Walk]:
        """Each walk is read once a request."""
        if missing := [listing for listing in listings if listing not in self._walks]:
            walks = await list_walks(driver, missing, await self._parameters(driver, missing[0]))
            self._walks.update(zip(missing, walks, strict=True))
        return [self._walks[listing] for listing in listings]

    async def check_currencies(
        self, driver: Driver, listings: Sequence[Listing[Row]], *, ordered: bool = False
    ) -> None:
        """Raise MixedCurrenciesError when lists of one shape compare money and have accounts of several currencies.

        Or an account whose days are in several. What is under a parent has the one account of its parent.
        """
        argument, money = listings[0].money_argument(ordered=ordered), listings[0].money(ordered=ordered)
        if argument is None and not money:
            return
        calendar = await self._load_calendar(driver)
        if calendar.has_other_currencies and money:
            await self._check_days(driver, calendar, listings, money)
        if argument is None or listings[0].parent is not None:
            return
        periods = {use.period for use in money}
        of_accounts = {account_id: calendar.currencies(periods, account_id) for account_id in calendar.accounts}
        if len(set[str]().union(*of_accounts.values())) > 1:
            found = await self._load_account_ids(driver, listings)
            currencies = sorted(set[str]().union(*(of_accounts[account_id] for account_id in found)))
            if len(currencies) > 1:
                raise MixedCurrenciesError(argument, currencies)

    async def _check_days(
        self, driver: Driver, calendar: Calendar, listings: Sequence[Listing[Row]], money: Sequence[MoneyUse]
    ) -> None:
        """Raise MixedCurrenciesError where days of one account would be added up in several currencies."""
        periods = {use.period for use in money}
        parted = {each for each in calendar.accounts if len(calendar.currencies(periods, each)) > 1}
        if parted and (found := parted.intersection(await self._load_account_ids(driver, listings))):
            currencies = sorted(set[str]().union(*(calendar.currencies(periods, each) for each in found)))
            raise MixedCurrenciesError(money[0].argument, currencies, choose_by=_DAYS_OF_ONE)

    async def _load_account_ids(self, driver: Driver, listings: Sequence[Listing[Row]]) -> list[UUID]:
        """The accounts of rows are read once a request, whatever is asked of the rows."""
        rows = [listing.without_metrics() for listing in listings]
        key = rows[0].source.name, rows[0].conditions, *(row.parent for row in rows)
        if key not in self._accounts:
            self._accounts[key] = await list_account_ids(driver, rows, Parameters(self._seller_id))
        return self._accounts[key]

    async def _parameters(self, driver: Driver, listing: Listing[Row]) -> Parameters:
        if not listing.measured:
            return Parameters(self._seller_id)
        return Parameters(self._seller_id, (await self._load_calendar(driver)).days_of)


def _page(part: WalkPart, rows: Mapping[UUID, Row]) -> PageReading[Row]:
    return PageReading(
        tuple(rows[key] for key in part.ids if key in rows),
        has_next=part.start + len(part.ids) < part.length,
        has_previous=part.start > 0,
        part=part,
    )
