"""The pieces that statements are put together from, as values: conditions, sort keys, and the parameters they bind.

A piece of SQL text here is always a constant of ours; what a client sent travels as a parameter and never as text.
`$1` is the seller in every statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from uuid import UUID

ROW = "e"  # what every statement calls the row that it selects


class Parameters:
    """Collects the values of one statement and hands out their placeholders."""

    def __init__(self, seller_id: UUID) -> None:
        self.values: list[object] = [seller_id]

    def bind(self, value: object, sql_type: str) -> str:
        """The placeholder for a value, such as `$2::uuid[]`."""
        self.values.append(value)
        return f"${len(self.values)}::{sql_type}"


class Condition(NamedTuple):
    """A WHERE condition on the row `e`: `text` has one `{}` where the value's placeholder goes."""

    text: str
    value: Hashable
    sql_type: str

    def write(self, parameters: Parameters) -> str:
        return self.text.format(parameters.bind(self.value, self.sql_type))


class SortKey(NamedTuple):
    """A column that rows are ordered by; it is never null. Text compares by the database's collation."""

    column: str
    sql_type: str
    descending: bool = False


ID = SortKey("id", "uuid")


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered. The id is always the last key, so that ties have an order too."""

    keys: tuple[SortKey, ...]

    @classmethod
    def by(cls, *keys: SortKey) -> Order:
        """Ordered by these keys and then by the id, which runs the way of the last key."""
        distinct: dict[str, SortKey] = {}
        for key in keys:
            distinct.setdefault(key.column, key)
        last = list(distinct.values())[-1:]
        distinct.setdefault(ID.column, ID._replace(descending=any(key.descending for key in last)))
        return cls(tuple(distinct.values()))

    def write(self, row: str, *, backwards: bool) -> str:
        """The ORDER BY list, turned round when a page is read from its end."""
        return ", ".join(
            f"{row}.{key.column} {'DESC' if key.descending is not backwards else 'ASC'}" for key in self.keys
        )

    def position_of(self, row: object) -> tuple[object, ...]:
        """Where a row stands: the values of its keys."""
        return tuple(getattr(row, key.column) for key in self.keys)

    def after(self, position: Sequence[object], parameters: Parameters, *, backwards: bool) -> str:
        """The condition for rows that come after a position (before it, when backwards)."""
        bound = [parameters.bind(value, key.sql_type) for key, value in zip(self.keys, position, strict=True)]
        alternatives: list[str] = []
        for place, key in enumerate(self.keys):
            same = [f"{ROW}.{k.column} = {b}" for k, b in zip(self.keys[:place], bound[:place], strict=True)]
            sign = "<" if key.descending is not backwards else ">"
            alternatives.append(" AND ".join([*same, f"{ROW}.{key.column} {sign} {bound[place]}"]))
        return f"({' OR '.join(alternatives)})"


def name_contains(text: str) -> Condition:
    """Case-insensitive substring of the name; LIKE's own signs mean themselves."""
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return Condition(f"{ROW}.name ILIKE {{}}", f"%{literal}%", "text")
