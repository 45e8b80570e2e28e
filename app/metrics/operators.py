"""The comparisons of a metric condition, in Python and in SQL."""

from __future__ import annotations

import operator
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction


class Operator(StrEnum):
    """How a metric is compared with a value; members are the names clients write."""

    EQ = "EQ"
    NE = "NE"
    LT = "LT"
    LTE = "LTE"
    GT = "GT"
    GTE = "GTE"

    @property
    def sql(self) -> str:
        return _SQL[self]

    def holds(self, left: Fraction, right: Fraction) -> bool:
        return _PYTHON[self](left, right)


_SQL = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.LT: "<",
    Operator.LTE: "<=",
    Operator.GT: ">",
    Operator.GTE: ">=",
}
_PYTHON: dict[Operator, Callable[[Fraction, Fraction], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
}
