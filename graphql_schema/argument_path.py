"""Finds how a client would name the argument behind a faulty node or variable, such as `range.custom.from`.

Reads documents only; knows no types of the product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    print_ast,
    visit,
)
from graphql.language import BREAK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["path_of_node", "path_of_type", "path_of_variable"]


class _Search(Visitor):
    """Walks a document up to the first node that is wanted, keeping the way to it."""

    def __init__(self, wanted: Callable[[Node], bool]) -> None:
        super().__init__()
        self._wanted = wanted
        self.found: str | None = None

    def enter(
        self,
        node: Node,
        _key: str | int | None,
        parent: Any,
        _path: Sequence[str | int],
        ancestors: Sequence[Any],
    ) -> Any:
        way = (*ancestors, parent)
        if not self._wanted(node) or any(isinstance(item, VariableDefinitionNode) for item in way):
            return None
        self.found = _written((*way, node))
        return BREAK


def _written(way: Sequence[Any]) -> str:
    """`way` leads from the document to the node, through nodes and the tuples that hold them."""
    parts: list[str] = []
    nodes = [item for item in way if isinstance(item, Node)]
    for above, node in zip([None, *nodes], nodes, strict=False):
        if isinstance(node, ArgumentNode | ObjectFieldNode):
            parts.append(node.name.value)
        elif isinstance(above, ListValueNode):
            parts.append(str(next(place for place, value in enumerate(above.values) if value is node)))
    return ".".join(parts)


def path_of_node(document: DocumentNode, node: Node) -> str | None:
    """The path of a value, argument or input field of this very document; None when the node is none of these."""
    if not isinstance(node, ValueNode | ArgumentNode | ObjectFieldNode):
        return None
    search = _Search(lambda item: item is node)
    visit(document, search)
    return search.found or None


def path_of_variable(document: DocumentNode, name: str) -> str | None:
    """The path where a variable is first used as an argument; None when it is not."""
    search = _Search(lambda item: isinstance(item, VariableNode) and item.name.value == name)
    visit(document, search)
    return search.found or None


def path_of_type(document: DocumentNode, type_name: str) -> str | None:
    """The path where a variable of this very input type is first used; None when no variable has the type."""
    search = _Definitions(type_name)
    visit(document, search)
    return path_of_variable(document, search.variables[0]) if search.variables else None


class _Definitions(Visitor):
    """Collects the variables that are declared with a type."""

    def __init__(self, type_name: str) -> None:
        super().__init__()
        self._type_name = type_name
        self.variables: list[str] = []

    def enter_variable_definition(self, node: VariableDefinitionNode, *_args: Any) -> None:
        if print_ast(node.type).strip("[]!") == self._type_name:
            self.variables.append(node.variable.name.value)
