"""How many values the answer of one operation may have, counted while it is written.

The cost of an operation is the most that its answer may have, and most answers have far less. This bounds what an
answer has, so that a large seller's answer can't take all of a process's memory.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from graphql_schema.errors import answer_too_large
from graphql_schema.execution.frames import forget_frames

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["AnswerBudget", "answer_within", "current_answer"]


class AnswerBudget:
    """One operation's. `values`: 1 for the operation and 1 for each field executed; 0 where nothing counts them."""

    __slots__ = ("_failures", "limit", "values")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.values = 0
        self._failures: list[BaseException] = []

    def spend(self, values: int) -> None:
        """Count them. Raises a QUERY_TOO_COMPLEX error when the answer has more than it may have."""
        self.values += values
        if self.values > self.limit:
            raise answer_too_large(self.limit)

    def note_failure(self, error: BaseException) -> None:
        """Keep an error of a field, reported or not, until the operation has ended."""
        self._failures.append(error)

    def end(self) -> None:
        """Free what the failed fields held."""
        for error in self._failures:
            forget_frames(error)
        self._failures.clear()


_current: ContextVar[AnswerBudget | None] = ContextVar("answer_budget", default=None)


@contextmanager
def answer_within(limit: int) -> Generator[AnswerBudget]:
    """The operation that is executed within has this budget."""
    budget = AnswerBudget(limit)
    token = _current.set(budget)
    try:
        yield budget
    finally:
        _current.reset(token)
        budget.end()


def current_answer() -> AnswerBudget | None:
    """The budget of the operation that is being executed; None where there is no limit."""
    return _current.get()
