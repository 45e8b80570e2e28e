"""Which operation of a document runs: the one that is named, or the only one.

Strawberry would run the first of several. The specification (GetOperation,
https://spec.graphql.org/October2021/#GetOperation()) has the request fail, and nothing of it run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from strawberry.types import ExecutionContext

__all__ = ["ChooseOperation"]


class ChooseOperation(SchemaExtension):
    """Part of every PixecomSchema. Refuses a document that leaves open which of its operations is meant."""

    def on_parse(self) -> Generator[None]:
        yield
        document = self.execution_context.graphql_document
        if document is not None:
            operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
            _check(operations, _requested_name(self.execution_context))


def _requested_name(context: ExecutionContext) -> str | None:
    """What the request itself names; the public attribute falls back to the first operation's name."""
    return context._provided_operation_name  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no public name


def _check(operations: Sequence[OperationDefinitionNode], requested: str | None) -> None:
    if not operations:
        raise GraphQLError("The document has no operation.")
    if requested is None:
        if len(operations) > 1:
            raise GraphQLError("Must provide operation name if query contains multiple operations.")
    elif all(node.name is None or node.name.value != requested for node in operations):
        raise GraphQLError(f"The document has no operation named {requested!r}.")
