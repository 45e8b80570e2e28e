"""Limits the work of walking over a document, in nodes rather than seconds."""

from __future__ import annotations

from graphql_schema.errors import document_too_large

__all__ = ["StepBudget"]


class StepBudget:
    """One per document: all walks over it share the budget."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0

    def spend(self) -> None:
        """Count one visited node. Raises a QUERY_TOO_COMPLEX error above the limit."""
        self.spent += 1
        if self.spent > self.limit:
            raise document_too_large("steps", self.limit)
