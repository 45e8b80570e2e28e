"""What periods mean in each ad account of a seller: days in the account's zone, checked against what is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.errors import InputError
from app.metrics.levels import Level
from app.metrics.ranges import DateRange
from app.queries.lists.parameters import AccountDays
from app.services.reads.currency_spans import CurrencySpan, currency_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.configuration.settings import Settings
    from app.metrics.periods import Period, Span
    from app.queries.lists.directory import SellerCalendar


class Calendar:
    """One request's: today is the same all through it, however long it takes."""

    def __init__(self, seller: SellerCalendar, settings: Settings) -> None:
        self.seller = seller
        self.accounts = {account.account_id: account for account in seller.accounts}
        self.now = clock.now()
        self._max_range_days = settings.max_range_days
        self._raw_retention_days = settings.raw_retention_days
        self._spans: dict[tuple[Period, str], Span] = {}
        self._days: dict[tuple[Period, Level | None], list[AccountDays]] = {}
        self._currencies: dict[tuple[UUID, Level, DateRange, datetime | None], tuple[CurrencySpan, ...]] = {}
        self.has_other_currencies = any(account.others for account in seller.accounts)

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

    def days_of(self, period: Period, level: Level | None = None) -> list[AccountDays]:
        """The days of a period in all accounts. Raises InputError as `span` does.

        With a level, an account has them once for each span of a currency that its days there were reported in.
        """
        key = (period, level if self.has_other_currencies else None)
        if key not in self._days:
            self._days[key] = list(self._list_days(*key))
        return self._days[key]

    def _list_days(self, period: Period, level: Level | None) -> Iterator[AccountDays]:
        for account_id, account in self.accounts.items():
            days = self.span(period, account_id).days
            if level is None:
                yield AccountDays(account_id, account.currency, days.from_date, days.to_date)
                continue
            for currency, part in self.currency_spans(period, level, account_id):
                yield AccountDays(account_id, currency, part.from_date, part.to_date)

    def currency_spans(self, period: Period, level: Level, account_id: UUID) -> tuple[CurrencySpan, ...]:
        """The days of a period in an account by the currency that they are in at a level, as known then or now."""
        account, days = self.accounts[account_id], self.span(period, account_id).days
        if not account.others:
            return (CurrencySpan(account.currency, days),)
        key = (account_id, level, days, period.as_of)
        if key not in self._currencies:
            self._currencies[key] = currency_spans(account, level, days, as_of=period.as_of)
        return self._currencies[key]

    def currency_of(self, account_id: UUID, level: Level, day: date, as_of: datetime | None = None) -> str:
        """The currency of one day, as it is known now or was reported at an instant."""
        return currency_spans(self.accounts[account_id], level, DateRange(day, day), as_of=as_of)[0].currency

    def currencies(self, periods: Iterable[Period], account_id: UUID) -> set[str]:
        """All that the days of these periods are in, at any level; those of no period are in the account's own."""
        account = self.accounts[account_id]
        if not account.others:
            return {account.currency}
        found = {
            span.currency
            for period in periods
            for level in Level
            for span in self.currency_spans(period, level, account_id)
        }
        return found or {account.currency}

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
