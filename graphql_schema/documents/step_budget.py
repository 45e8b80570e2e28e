"""Limits the work of walking over a document, in nodes rather than seconds, and pauses it."""

from __future__ import annotations

from app.event_loop.pauses import Pauses
from graphql_schema.errors import document_too_large

__all__ = ["StepBudget"]


# Nodes visited between two pauses: a millisecond, or three where each is a field to be priced.
STEPS_AT_ONCE = 100


class StepBudget:
    """One per document: all walks over it share the budget."""

    __slots__ = ("_pauses", "limit", "spent")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0
        self._pauses = Pauses(STEPS_AT_ONCE)

    def spend(self) -> None:
        """Count one visited node. Raises a QUERY_TOO_COMPLEX error above the limit."""
        self.spent += 1
        if self.spent > self.limit:
            raise document_too_large("steps", self.limit)
        self._pauses.step()
