"""Numbers of a cost plan: known from the document alone, or computed from a request's variables.

Known parts are folded when the plan is built, so that evaluation only touches parts that depend on variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Computed", "Expression", "Known", "apply", "evaluate", "largest", "product", "total"]

T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    value: T_co


@dataclass(frozen=True, slots=True)
class Computed(Generic[T_co]):
    compute: Callable[[Mapping[str, object]], T_co]


Expression = Known[R] | Computed[R]
ZERO = Known(0)


def evaluate(expression: Expression[R], variables: Mapping[str, object]) -> R:
    return expression.value if isinstance(expression, Known) else expression.compute(variables)


def apply(function: Callable[..., R], *inputs: Expression[Any]) -> Expression[R]:
    """The function applied to the inputs; known if all inputs are known."""
    if all(isinstance(item, Known) for item in inputs):
        return Known(function(*(evaluate(item, {}) for item in inputs)))
    return Computed(lambda variables: function(*[evaluate(item, variables) for item in inputs]))


def total(parts: Iterable[Expression[int]]) -> Expression[int]:
    """The sum, with the known parts added up beforehand."""
    known, computed = _parted(parts)
    if not computed:
        return Known(sum(known))
    start, computes = sum(known), [part.compute for part in computed]
    return Computed(lambda variables: start + sum([compute(variables) for compute in computes]))


def product(count: Expression[int], each: Expression[int]) -> Expression[int]:
    return apply(_times, count, each)


def _times(left: int, right: int) -> int:
    return left * right


def largest(parts: Iterable[Expression[int]]) -> Expression[int]:
    """The largest part; 0 if there are none."""
    known, computed = _parted(parts)
    least = max(known, default=0)
    if not computed:
        return Known(least)
    computes = [part.compute for part in computed]
    return Computed(lambda variables: max(least, *[compute(variables) for compute in computes]))


def _parted(parts: Iterable[Expression[int]]) -> tuple[list[int], list[Computed[int]]]:
    known: list[int] = []
    computed: list[Computed[int]] = []
    for part in parts:
        if isinstance(part, Known):
            known.append(part.value)
        else:
            computed.append(part)
    return known, computed
