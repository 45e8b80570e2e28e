"""Days told apart by the currency that they were reported in. Those of nearly all ad accounts are in one.

An account's days stay in the currency that they were reported in when its currency changes, until the platform tells
them anew. Money of several currencies is never added up; counts are.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.counters import ZERO, Counters
from app.metrics.definitions import MONEY_COLUMNS
from app.metrics.ranges import DateRange
from app.queries.numbers.sums import Sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from app.metrics.levels import Level
    from app.queries.lists.directory import AccountCalendar

_ONE_DAY = timedelta(days=1)
_NO_MONEY = dict.fromkeys(MONEY_COLUMNS, 0)


class CurrencySpan(NamedTuple):
    """Days that follow one another and are in one currency."""

    currency: str
    days: DateRange


def currency_spans(
    account: AccountCalendar, level: Level, days: DateRange, *, as_of: datetime | None
) -> tuple[CurrencySpan, ...]:
    """The days, the earliest first, as they are known now or were at an instant."""
    if not account.others:
        return (CurrencySpan(account.currency, days),)
    others = sorted(_others_of(account, level, days, as_of).items())
    spans: list[CurrencySpan] = []
    start = days.from_date
    for day, currency in others:
        if start < day:
            _extend(spans, account.currency, start, day - _ONE_DAY)
        _extend(spans, currency, day, day)
        start = day + _ONE_DAY
    if start <= days.to_date:
        _extend(spans, account.currency, start, days.to_date)
    return tuple(spans)


def _others_of(account: AccountCalendar, level: Level, days: DateRange, as_of: datetime | None) -> dict[date, str]:
    """The days that are not in the account's currency. If an instant comes before several, the first counts."""
    known = [
        other
        for other in account.others
        if other.level is level
        and other.from_date <= days.to_date
        and other.to_date >= days.from_date
        and (other.fetched_before is None or (as_of is not None and as_of < other.fetched_before))
    ]
    known.sort(key=lambda other: (other.fetched_before is None, other.fetched_before or as_of), reverse=True)
    found: dict[date, str] = {}
    for other in known:
        day, last = max(other.from_date, days.from_date), min(other.to_date, days.to_date)
        while day <= last:
            found[day] = other.currency
            day += _ONE_DAY
    return found


def _extend(spans: list[CurrencySpan], currency: str, first: date, last: date) -> None:
    if spans and spans[-1].currency == currency:
        spans[-1] = CurrencySpan(currency, DateRange(spans[-1].days.from_date, last))
    else:
        spans.append(CurrencySpan(currency, DateRange(first, last)))


def add_up(sums: Sequence[tuple[str, Sum]], usual: str) -> tuple[Sum, str | None]:
    """The sum of sums in these currencies, and its own: None where several have data, and then its money is 0.

    Where none has data it is `usual`, if that is among them.
    """
    if len(sums) == 1:
        return sums[0][1], sums[0][0]
    currencies = {currency for currency, total in sums if total.has_data}
    counters = Counters(*map(sum, zip(*(total.counters for _, total in sums), strict=True))) if sums else ZERO
    synced_at = max((total.synced_at for _, total in sums if total.synced_at is not None), default=None)
    if len(currencies) > 1:
        return Sum(without_money(counters), has_data=True, synced_at=synced_at), None
    named = [currency for currency, _ in sums]
    currency = currencies.pop() if currencies else usual if usual in named or not named else named[-1]
    return Sum(counters, any(total.has_data for _, total in sums), synced_at), currency


def without_money(counters: Counters) -> Counters:
    """The counts alone."""
    return counters._replace(**_NO_MONEY)


def currency_within(spans: Iterable[CurrencySpan], days: DateRange, usual: str) -> str:
    """The currency of days without any number: that of all of them, or the account's."""
    found = {
        span.currency for span in spans if span.days.from_date <= days.to_date and span.days.to_date >= days.from_date
    }
    return found.pop() if len(found) == 1 else usual
