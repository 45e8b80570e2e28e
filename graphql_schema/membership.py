"""Removes all data from a query's answer if its user turns out not to be a member when the first rows are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from app.errors import NotAMemberError

if TYPE_CHECKING:
    from collections.abc import Iterator


class NothingForOutsiders(SchemaExtension):
    """Drops the data of a query that failed for lack of membership, including fields that read nothing.

    A mutation keeps the results of earlier fields, which have already changed something.
    """

    def on_execute(self) -> Iterator[None]:
        yield
        result = self.execution_context.result
        if self.execution_context.operation_type is not OperationType.QUERY or result is None:
            return
        if any(isinstance(_root(error), NotAMemberError) for error in result.errors or ()):
            result.data = None


def _root(error: GraphQLError) -> Exception | None:
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
