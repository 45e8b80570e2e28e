"""What restricts a list, as values: an equal condition restricts in the same way. Each writes itself as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from app.metrics import expressions
from app.metrics.definitions import BY_NAME
from app.queries.lists.name_folding import folded
from app.queries.lists.selects import ROW, Select

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import datetime
    from decimal import Decimal

    from app.metrics.operators import Operator
    from app.metrics.periods import Period
    from app.queries.lists.sources import Source


class MoneyUse(NamedTuple):
    """An argument of the client's makes something of money over a period: an amount, or a ratio such as ROAS."""

    argument: str
    period: Period


class Condition(Protocol):
    """One condition on a row `e`."""

    @property
    def money_argument(self) -> str | None:
        """The client's argument that compares money, which only one currency allows; None for any other."""
        ...

    @property
    def money(self) -> tuple[MoneyUse, ...]:
        """Where it makes something of money."""
        ...

    def write(self, select: Select) -> str:
        """Its SQL, in this SELECT."""
        ...

    def without_metrics(self) -> Condition | None:
        """What it says about the rows themselves; None: nothing."""
        ...


class Plain(NamedTuple):
    """A condition on columns: `text` has one `{}` where the value's placeholder goes."""

    text: str
    value: Hashable
    sql_type: str

    @property
    def money_argument(self) -> None:
        return None

    @property
    def money(self) -> tuple[MoneyUse, ...]:
        return ()

    def write(self, select: Select) -> str:
        return self.text.format(select.parameters.bind(self.value, self.sql_type))

    def without_metrics(self) -> Plain:
        return self


class MetricCondition(NamedTuple):
    """An unrounded metric over a period compared with a finite value. `argument` is the client's name of it."""

    metric: str
    operator: Operator
    value: Decimal
    period: Period
    argument: str

    @property
    def money_argument(self) -> str | None:
        return self.argument if BY_NAME[self.metric].in_currency else None

    @property
    def money(self) -> tuple[MoneyUse, ...]:
        return (MoneyUse(self.argument, self.period),) if BY_NAME[self.metric].uses_money else ()

    def write(self, select: Select) -> str:
        placeholder = select.parameters.bind(self.value, "numeric")
        counters = select.counters(self.period)
        return expressions.condition(BY_NAME[self.metric], counters, self.operator, placeholder=placeholder)

    def without_metrics(self) -> None:
        return None


class OfParent(NamedTuple):
    """The row that `column` points at fulfils all of these conditions."""

    column: str
    source: Source[Any]
    conditions: tuple[Condition, ...]

    @property
    def money_argument(self) -> str | None:
        return next((c.money_argument for c in self.conditions if c.money_argument), None)

    @property
    def money(self) -> tuple[MoneyUse, ...]:
        return tuple(use for condition in self.conditions for use in condition.money)

    def write(self, select: Select) -> str:
        parents = Select(self.source, select.parameters)
        parents.add(self.conditions)
        return f"{self.column} IN (\n{parents.text(f'{ROW}.id')}\n)"

    def without_metrics(self) -> OfParent | None:
        kept = without_metrics(self.conditions)
        return self._replace(conditions=kept) if kept else None


def without_metrics(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """What conditions say about the rows themselves."""
    return tuple(kept for condition in conditions if (kept := condition.without_metrics()) is not None)


def known_by(instant: datetime | None) -> tuple[Plain, ...]:
    """What was known to us at an instant; None: now, when everything is."""
    return () if instant is None else (Plain(f"{ROW}.created_at <= {{}}", instant, "timestamptz"),)


def one_of(column: str, values: tuple[Hashable, ...], sql_type: str) -> Plain:
    """The column has one of the values; none of an empty tuple."""
    return Plain(f"{column} = ANY({{}})", values, sql_type)


def name_contains(text: str) -> Plain:
    """Part of the name, in any case and any form of Unicode: composed or not, full width or not."""
    return Plain(f"strpos({_NAME}, {_GIVEN}) > 0", text, "text")


def name_starts(text: str) -> Plain:
    """The beginning of the name, in the same sense."""
    return Plain(f"starts_with({_NAME}, {_GIVEN})", text, "text")


# The text is folded once, whatever plan is chosen.
_NAME = folded(f"{ROW}.name")
_GIVEN = f"(SELECT {folded('given.text')} FROM (SELECT {{}} AS text) AS given)"
