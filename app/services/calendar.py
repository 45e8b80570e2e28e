"""What periods mean in each ad account of a seller: days in the account's zone, checked against what is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.errors import InputError
from app.queries.parameters import AccountDays

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from uuid import UUID

    from app.metrics.periods import Period, Span
    from app.queries.directory import AccountCalendar
    from app.settings import Settings


class Calendar:
    """One request's: today is the same all through it, however long it takes."""

    def __init__(self, accounts: Iterable[AccountCalendar], settings: Settings) -> None:
        self.accounts = {account.account_id: account for account in accounts}
        self._now = clock.now()
        self._max_range_days = settings.max_range_days
        self._raw_retention_days = settings.raw_retention_days
        self._spans: dict[tuple[Period, str], Span] = {}

    def span(self, period: Period, account_id: UUID) -> Span:
        """The days of a period in an account.

        Raises InputError naming `asOf` when the snapshots that would tell are no longer kept.
        """
        time_zone = self.accounts[account_id].time_zone
        key = (period, time_zone)
        if key not in self._spans:
            self._spans[key] = self._resolved(period, account_id)
        return self._spans[key]

    def days_of(self, period: Period) -> list[AccountDays]:
        """The days of a period in all accounts. Raises InputError as `span` does."""
        spans = ((account, self.span(period, account.account_id).days) for account in self.accounts.values())
        return [
            AccountDays(account.account_id, account.currency, days.from_date, days.to_date) for account, days in spans
        ]

    def today(self, account_id: UUID, as_of: datetime | None = None) -> date:
        """The day that it is in an account, now or at an instant."""
        return clock.day_of(as_of or self._now, self.accounts[account_id].time_zone)

    def oldest_kept(self, account_id: UUID) -> date:
        """The first day whose snapshots are kept; today is one of the days of the retention."""
        return self.today(account_id) - timedelta(days=self._raw_retention_days - 1)

    def _resolved(self, period: Period, account_id: UUID) -> Span:
        time_zone = self.accounts[account_id].time_zone
        span = period.resolve(now=self._now, time_zone=time_zone, max_range_days=self._max_range_days)
        if period.as_of is not None:
            oldest = self.oldest_kept(account_id)
            if min(span.days.from_date, span.today) < oldest:
                raise InputError("asOf", f"what was known of days before {oldest} is no longer kept")
        return span
