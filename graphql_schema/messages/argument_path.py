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
    visit,
)
from graphql.language import BREAK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["path_of_node", "path_of_variable"]


class _Search(Visitor):
    """Walks a document up to the first node that is wanted, keeping the way to it.

    It looks only where variables are declared, or everywhere else.
    """

    def __init__(self, wanted: Callable[[Node], bool], *, declared: bool = False) -> None:
        super().__init__()
        self._wanted = wanted
        self._declared = declared
        self.way: tuple[Any, ...] = ()

    def enter(
        self,
        node: Node,
        _key: str | int | None,
        parent: Any,
        _path: Sequence[str | int],
        ancestors: Sequence[Any],
    ) -> Any:
        if not self._wanted(node):
            return None
        way = (*ancestors, parent, node)
        if any(isinstance(item, VariableDefinitionNode) for item in way) != self._declared:
            return None
        self.way = way
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
    """The path of a value, argument or input field of this very document; None when the node is none of these.

    What stands in the default of a variable is named after where the variable is first used.
    """
    if not isinstance(node, ValueNode | ArgumentNode | ObjectFieldNode):
        return None
    return _path(document, lambda item: item is node) or _path_of_default(document, node)


def path_of_variable(root: Node, name: str) -> str | None:
    """The path where a variable is first used as an argument, under a document or operation; None when it is not."""
    return _path(root, lambda item: isinstance(item, VariableNode) and item.name.value == name)


def _path(root: Node, wanted: Callable[[Node], bool]) -> str | None:
    search = _Search(wanted)
    visit(root, search)
    return _written(search.way) or None


def _path_of_default(document: DocumentNode, node: Node) -> str | None:
    search = _Search(lambda item: item is node, declared=True)
    visit(document, search)
    variable = next((item.variable.name.value for item in search.way if isinstance(item, VariableDefinitionNode)), None)
    if variable is None:
        return None
    inner = _written(search.way)
    return ".".join(part for part in (path_of_variable(document, variable) or variable, inner) if part)
