"""Does what graphql-core's `validate` does, with pauses between nodes.

`validate` itself has no place for them: it looks for the variables of a definition in one go, and hashes the definition
with all that is in it several times. That is 10 ms for a document as long as it may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import FragmentDefinitionNode, ParallelVisitor, TypeInfo, TypeInfoVisitor, visit
from graphql.pyutils import RefMap
from graphql.validation import ValidationContext
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)

from app.event_loop.pauses import Pauses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import DocumentNode, GraphQLError, GraphQLSchema, Node

__all__ = ["find_errors"]

# Nodes entered between two pauses: two milliseconds.
NODES_AT_ONCE = 100
_TOO_MANY = "Too many validation errors, error limit reached. Validation aborted."
_TOO_DEEP = "Validation aborted."


def find_errors(
    schema: GraphQLSchema, ast: DocumentNode, rules: Sequence[Any], *, most: int, suggests: bool
) -> list[GraphQLError]:
    """What is wrong with the document: `most` errors, and one more that says so if there are more.

    `suggests`: whether errors say similar names.
    """
    errors: list[GraphQLError] = []

    def note(error: GraphQLError) -> None:
        if len(errors) >= most:
            raise ValidationAbortedError(_TOO_MANY)
        errors.append(error)

    types = _PausingTypeInfo(schema)
    context = _Context(schema, ast, types, note, not suggests)
    fragments = {each.name.value: each for each in ast.definitions if isinstance(each, FragmentDefinitionNode)}
    visitors = [FragmentNestingVisitor(fragments), *(rule(context) for rule in rules)]
    try:
        visit(ast, TypeInfoVisitor(types, ParallelVisitor(visitors)), query_document_keys_to_validate)
    except ValidationAbortedError as error:
        error.__context__ = None
        errors.append(error.with_traceback(None))  # which would keep the frames
    except RecursionError:
        errors.append(ValidationAbortedError(_TOO_DEEP))
    return errors


class _PausingTypeInfo(TypeInfo):
    """Every walk of a validation enters each node here."""

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__(schema)
        self._pauses = Pauses(NODES_AT_ONCE)

    def enter(self, node: Node) -> None:
        self._pauses.step()
        super().enter(node)


class _Context(ValidationContext):
    """Knows definitions by their identity instead of all that is in them."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._variable_usages: Any = RefMap()
        self._recursive_variable_usages: Any = RefMap()
        self._fragment_spreads: Any = RefMap()
