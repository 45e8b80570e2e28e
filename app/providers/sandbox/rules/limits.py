"""How much may be asked for at once: answers of more rows than a limit are refused, as Meta refuses large accounts.

Meta's own limits are not known, so there is none unless a script sets one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

from app.providers.sandbox.errors import page_too_heavy, query_timed_out, too_much_data, unknown_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.providers.sandbox.errors import GraphError


class Excess(StrEnum):
    """What too much is called: a page that may be asked for again in halves, or a whole query that must shrink.

    A page that is too heavy is not always called so: `unknown` is any passing error.
    """

    REDUCE = "reduce"
    UNKNOWN = "unknown"
    TOO_MUCH_DATA = "too_much_data"
    TIMED_OUT = "timed_out"


_ERRORS: dict[Excess, Callable[[], GraphError]] = {
    Excess.REDUCE: page_too_heavy,
    Excess.UNKNOWN: unknown_error,
    Excess.TOO_MUCH_DATA: too_much_data,
    Excess.TIMED_OUT: query_timed_out,
}


_OF_PAGES = frozenset({Excess.REDUCE, Excess.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """More than `rows` rows at an edge are refused: of one page with `reduce` and `unknown`, else of all."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    rows: int
    answer: Excess = Excess.TOO_MUCH_DATA
    edge: str = "insights"
    account: str | None = None


class Limits:
    """The limits in force."""

    def __init__(self) -> None:
        self._limits: list[Limit] = []

    @property
    def armed(self) -> int:
        return len(self._limits)

    def arm(self, limits: Iterable[Limit]) -> None:
        self._limits += limits

    def clear(self) -> None:
        self._limits.clear()

    def check(self, account: str, edge: str, *, whole: int, page: int) -> None:
        """Raise GraphError if a query with this many rows, and this many on a page, is too large."""
        for limit in self._limits:
            if limit.edge != edge or limit.account not in {None, account}:
                continue
            if (page if limit.answer in _OF_PAGES else whole) > limit.rows:
                make_error = _ERRORS[limit.answer]
                raise make_error()
