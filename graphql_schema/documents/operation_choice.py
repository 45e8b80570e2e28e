"""Which operation of a document runs: the one that is named, or the only one.

Strawberry would run the first of several. According to the specification (GetOperation,
https://spec.graphql.org/October2021/#GetOperation()) the request must fail without running any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLError
from strawberry.types.graphql import OperationType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import OperationDefinitionNode

__all__ = ["KindRefusedError", "choose_operation"]


class KindRefusedError(Exception):
    """The operation's kind (query, mutation, subscription) is not allowed here."""

    def __init__(self, kind: OperationType) -> None:
        super().__init__(kind.value)
        self.kind = kind


def choose_operation(
    operations: Sequence[OperationDefinitionNode], requested: str | None, kinds: frozenset[OperationType]
) -> int:
    """The index of the operation that runs.

    Raises GraphQLError if the document has no such operation or it is ambiguous, and KindRefusedError.
    """
    names = [node.name.value if node.name else None for node in operations]
    if not names:
        raise GraphQLError("The document has no operation.")
    if requested is None and len(names) > 1:
        raise GraphQLError("Must provide operation name if query contains multiple operations.")
    if requested is not None and requested not in names:
        raise GraphQLError(f"The document has no operation named {requested!r}.")
    place = 0 if requested is None else names.index(requested)
    kind = OperationType(operations[place].operation.value)
    if kind not in kinds:
        raise KindRefusedError(kind)
    return place
