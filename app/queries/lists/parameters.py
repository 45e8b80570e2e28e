"""The values that one statement binds, and the accounts' days that it measures over.

A piece of SQL text is always a constant of ours; what a client sent travels as a parameter and never as text.
`$1` is the seller in every statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from uuid import UUID

    from app.metrics.levels import Level
    from app.metrics.periods import Period

    DaysOf = Callable[[Period, Level | None], Sequence["AccountDays"]]


class AccountDays(NamedTuple):
    """What a period means for one ad account: its first and last day, both included, or those in one currency."""

    account_id: UUID
    currency: str
    from_date: date
    to_date: date


class Days(NamedTuple):
    """A relation of AccountDays in a statement, and the placeholder of the instant whose knowledge counts."""

    name: str
    as_of: str | None


_TYPES = ("uuid[]", "text[]", "date[]", "date[]")


def no_days(period: Period, _level: Level | None) -> Sequence[AccountDays]:
    """For statements that measure nothing."""
    raise LookupError(f"this statement has no days for {period}")


class Parameters:
    """Collects the values of one statement and hands out their placeholders."""

    def __init__(self, seller_id: UUID, days_of: DaysOf = no_days) -> None:
        self.values: list[object] = [seller_id]
        self._days_of = days_of
        self._days: dict[tuple[Period, Level | None], Days] = {}
        self._texts: list[str] = []

    def bind(self, value: object, sql_type: str) -> str:
        """The placeholder for a value, such as `$2::uuid[]`."""
        self.values.append(value)
        return f"${len(self.values)}::{sql_type}"

    def days(self, period: Period) -> Days:
        """The days of a period in every account, once each: a row that is joined to them stays one row."""
        return self._bound(period, None)

    def days_by_currency(self, period: Period, level: Level) -> Days:
        """The same, an account's apart by the currency that they are in at a level: for sums by currency.

        Where no account's days are in several, which is nearly always, these are the days themselves.
        """
        of_level, whole = self._days_of(period, level), self._days_of(period, None)
        return self._bound(period, None if of_level is whole or of_level == whole else level)

    def _bound(self, period: Period, level: Level | None) -> Days:
        """Bound once a statement."""
        key = (period, level)
        if key not in self._days:
            name = f"days_{len(self._days) + 1}"
            of_accounts = self._days_of(period, level)
            columns = [list(column) for column in zip(*of_accounts, strict=True)] or [[] for _ in _TYPES]
            bound = ", ".join(self.bind(values, kind) for values, kind in zip(columns, _TYPES, strict=True))
            self._texts.append(
                f"{name} AS (SELECT * FROM unnest({bound}) AS days (account_id, currency, from_date, to_date))"
            )
            as_of = self.bind(period.as_of, "timestamptz") if period.as_of else None
            self._days[key] = Days(name, as_of)
        return self._days[key]

    def complete(self, body: str, **named: str) -> str:
        """The statement: a WITH of all days that were asked for and of these queries, and the body."""
        queries = [*self._texts, *(f"{name} AS ({text})" for name, text in named.items())]
        return f"WITH {', '.join(queries)}\n{body}" if queries else body
