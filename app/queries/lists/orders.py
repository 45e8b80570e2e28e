"""What a list is ordered by, as values. Nulls come last whichever way a key runs; the id decides between equals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from app.metrics import change_expressions, expressions
from app.metrics.definitions import BY_NAME
from app.queries.lists.conditions import MoneyUse
from app.queries.lists.selects import ROW, Select

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from app.metrics.periods import Period
    from app.queries.lists.parameters import Parameters


class SortKey(NamedTuple):
    """A column that rows are ordered by. Text compares by the database's collation.

    `volatile`: syncs change it by themselves, so that its order does not last from one page to the next. `argument` is
    the client's name of it.
    """

    column: str
    sql_type: str
    descending: bool = False
    nullable: bool = False
    volatile: bool = False
    in_currency: bool = False
    argument: str | None = None

    @property
    def money_argument(self) -> str | None:
        return self.argument if self.in_currency else None

    @property
    def money(self) -> tuple[MoneyUse, ...]:
        return ()

    def expression(self, _select: Select) -> str:
        return f"{ROW}.{self.column}"


class MetricKey(NamedTuple):
    """A metric over a period, unrounded; 0 where nothing was measured. Or how it changed from `base`, see below.

    `relative` is None for the value itself, False for the difference, True for the difference over the base's size
    (null where that is 0).
    """

    metric: str
    period: Period
    descending: bool = False
    relative: bool | None = None
    base: Period | None = None
    argument: str | None = None

    @property
    def volatile(self) -> bool:
        return True

    @property
    def nullable(self) -> bool:
        return bool(self.relative)

    @property
    def money_argument(self) -> str | None:
        return self.argument if BY_NAME[self.metric].in_currency and not self.relative else None

    @property
    def money(self) -> tuple[MoneyUse, ...]:
        """The base's days too: of two in different currencies there is no difference."""
        if not BY_NAME[self.metric].uses_money:
            return ()
        return tuple(MoneyUse(self.argument or "", period) for period in (self.period, self.base) if period)

    def expression(self, select: Select) -> str:
        metric, now = BY_NAME[self.metric], select.counters(self.period)
        if self.base is None:
            return expressions.sort_key(metric, now)
        write = change_expressions.relative_change if self.relative else change_expressions.absolute_change
        return write(metric, now, select.counters(self.base))


class ValueKey(NamedTuple):
    """What an expression over the row is for a value of the client's: nothing for some rows, and syncs change it.

    `text` is the SQL, with one `{}` where the value's placeholder goes.
    """

    text: str
    value: Hashable
    sql_type: str
    descending: bool = False
    argument: str | None = None

    @property
    def volatile(self) -> bool:
        return True

    @property
    def nullable(self) -> bool:
        return True

    @property
    def money_argument(self) -> None:
        return None

    @property
    def money(self) -> tuple[MoneyUse, ...]:
        return ()

    def expression(self, select: Select) -> str:
        return self.text.format(select.parameters.bind(self.value, self.sql_type))


Key = SortKey | MetricKey | ValueKey
ID = SortKey("id", "uuid")


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered. The last key is unique, so that there are no ties."""

    keys: tuple[Key, ...]

    @classmethod
    def by(cls, *keys: Key) -> Order:
        """Ordered by these keys and then by the id, which runs the way of the last key. A key counts once."""
        distinct: dict[object, Key] = {}
        for key in keys:
            distinct.setdefault(key._replace(descending=False, argument=None), key)
        last = list(distinct.values())[-1:]
        distinct.setdefault(ID, ID._replace(descending=any(key.descending for key in last)))
        return cls(tuple(distinct.values()))

    @property
    def pinned(self) -> bool:
        """Whether a walk through the pages must keep the order of its first page."""
        return any(key.volatile for key in self.keys)

    def write(self, select: Select) -> str:
        """The ORDER BY list of a SELECT over `e`."""
        return ", ".join(_direction(key.expression(select), key) for key in self.keys)

    def write_columns(self, alias: str, *, backwards: bool) -> str:
        """The ORDER BY list over columns of a relation, turned round when a page is read from its end."""
        return ", ".join(_direction(f"{alias}.{key.column}", key, backwards=backwards) for key in self._columns())

    def position_of(self, row: object) -> tuple[object, ...]:
        """Where a row stands: the values of its keys."""
        return tuple(getattr(row, key.column) for key in self._columns())

    def after(self, position: Sequence[object], parameters: Parameters, *, backwards: bool) -> str:
        """The condition for rows that come after a position (before it, when backwards)."""
        same: list[str] = []
        alternatives: list[str] = []
        for key, value in zip(self._columns(), position, strict=True):
            column = f"{ROW}.{key.column}"
            bound = None if value is None else parameters.bind(value, key.sql_type)
            beyond = _beyond(column, key, bound, backwards=backwards)
            if beyond:
                alternatives.append(" AND ".join([*same, beyond]))
            same.append(f"{column} IS NULL" if bound is None else f"{column} = {bound}")
        return f"({' OR '.join(alternatives)})"

    def _columns(self) -> list[SortKey]:
        """The keys of an order that is not pinned."""
        return [key for key in self.keys if isinstance(key, SortKey)]


def _direction(expression: str, key: Key, *, backwards: bool = False) -> str:
    text = f"{expression} {'DESC' if key.descending is not backwards else 'ASC'}"
    return f"{text} NULLS {'FIRST' if backwards else 'LAST'}" if key.nullable else text


def _beyond(column: str, key: SortKey, bound: str | None, *, backwards: bool) -> str | None:
    """The condition for values that come after one in this key alone; None: there are none."""
    if bound is None:
        return f"{column} IS NOT NULL" if backwards else None
    text = f"{column} {'<' if key.descending is not backwards else '>'} {bound}"
    return f"({text} OR {column} IS NULL)" if key.nullable and not backwards else text
