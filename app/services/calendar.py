"""What periods mean in each ad account of a seller: days in the account's zone, checked against what is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.errors import InputError
from app.metrics.ranges import DateRange
from app.queries.parameters import AccountDays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.metrics.periods import Period, Span
    from app.queries.directory import SellerCalendar
    from app.settings import Settings


class Calendar:
    """One request's: today is the same all through it, however long it takes."""

    def __init__(self, seller: SellerCalendar, settings: Settings) -> None:
        self.seller = seller
        self.accounts = {account.account_id: account for account in seller.accounts}
        self.now = clock.now()
        self._max_range_days = settings.max_range_days
        self._raw_retention_days = settings.raw_retention_days
        self._spans: dict[tuple[Period, str], Span] = {}

    def span(self, period: Period, account_id: UUID) -> Span:
        """The days of a period in an account.

        As of an instant, LIFETIME goes back as far as snapshots are kept; InputError names what reaches further back.
        """
        return self._span(period, self.accounts[account_id].time_zone)

    def spans(self, period: Period, account_ids: Sequence[UUID]) -> list[Span]:
        """The days of a period in each of these accounts; of none, in the seller's own zone. Raises as `span` does."""
        if not account_ids:
            return [self._span(period, self.seller.time_zone)]
        return [self.span(period, account_id) for account_id in account_ids]

    def days_of(self, period: Period) -> list[AccountDays]:
        """The days of a period in all accounts. Raises InputError as `span` does."""
        spans = ((account, self.span(period, account.account_id).days) for account in self.accounts.values())
        return [
            AccountDays(account.account_id, account.currency, days.from_date, days.to_date) for account, days in spans
        ]

    def today(self, account_id: UUID, as_of: datetime | None = None) -> date:
        """The day that it is in an account, now or at an instant."""
        return self._today(self.accounts[account_id].time_zone, as_of)

    def kept(self, period: Period, account_id: UUID) -> DateRange:
        """The days of a period, of which the snapshots are asked for; LIFETIME means all that are kept.

        Raises InputError naming the argument that reaches further back.
        """
        return self._kept(period, self.accounts[account_id].time_zone, self.span(period, account_id).days)

    def _span(self, period: Period, time_zone: str) -> Span:
        key = (period, time_zone)
        if key not in self._spans:
            self._spans[key] = self._resolved(period, time_zone)
        return self._spans[key]

    def _resolved(self, period: Period, time_zone: str) -> Span:
        span = period.resolve(now=self.now, time_zone=time_zone, max_range_days=self._max_range_days)
        return span if period.as_of is None else span._replace(days=self._kept(period, time_zone, span.days))

    def _today(self, time_zone: str, as_of: datetime | None = None) -> date:
        return clock.day_of(as_of or self.now, time_zone)

    def _kept(self, period: Period, time_zone: str, days: DateRange) -> DateRange:
        oldest = self._today(time_zone) - timedelta(days=self._raw_retention_days - 1)
        if self._today(time_zone, period.as_of) < oldest:
            raise InputError("asOf", f"what was known of days before {oldest} is no longer kept")
        if days.from_date >= oldest:
            return days
        if period.is_lifetime:
            return DateRange(oldest, days.to_date)
        raise InputError("to" if period.compared else "range", f"the snapshots of days before {oldest} are not kept")
