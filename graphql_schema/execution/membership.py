"""Removes all data from a query's answer if its user turns out not to be a member when the first rows are read.

The answer then has a single error, however many fields met it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from app.errors import NotAMemberError

if TYPE_CHECKING:
    from collections.abc import Iterator


class NothingForOutsiders(SchemaExtension):
    """Drops the data of a query that failed for lack of membership, and all errors but the first that says so.

    Fields that read nothing lose their data as well. A mutation keeps the results of earlier fields, which have already
    changed something.
    """

    def on_execute(self) -> Iterator[None]:
        yield
        result = self.execution_context.result
        if self.execution_context.operation_type is not OperationType.QUERY or result is None:
            return
        refusals = [error for error in result.errors or () if isinstance(_root(error), NotAMemberError)]
        if refusals:
            result.data, result.errors = None, refusals[:1]


def _root(error: GraphQLError) -> Exception | None:
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
