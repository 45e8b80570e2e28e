"""How much work a walk over a document may be. Counts nodes, not seconds."""

from __future__ import annotations

from graphql_schema.errors import document_too_large

__all__ = ["StepBudget"]


class StepBudget:
    """One document's: every walk over it spends from the same budget."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0

    def spend(self) -> None:
        """One node was looked at. Raises a QUERY_TOO_COMPLEX error beyond the limit."""
        self.spent += 1
        if self.spent > self.limit:
            raise document_too_large("steps", self.limit)
