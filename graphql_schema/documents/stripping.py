"""Takes from a valid document what only its validation needs, so that keeping it takes a third of the objects.

Each full garbage collection looks at every object of every kept document. Errors of an operation refer to fields,
arguments, values and variables, so these keep their places in the text. Names are the same for all fields that have
them, and what only holds others together has no place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from graphql import NamedTypeNode, NameNode, Node, SelectionSetNode

from app.event_loop.pauses import Pauses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import DocumentNode

__all__ = ["strip_document"]

# Nodes looked at between two pauses: a millisecond.
NODES_AT_ONCE = 300
_WITHOUT_PLACE = (SelectionSetNode, NamedTypeNode)
_set: Any = object.__setattr__  # nodes are frozen


def strip_document(document: DocumentNode) -> None:
    """Nothing else may refer to its nodes yet."""
    names, pauses = dict[str, NameNode](), Pauses(NODES_AT_ONCE)
    waiting: list[Node] = [document]
    while waiting:
        pauses.step()
        node = waiting.pop()
        if isinstance(node, _WITHOUT_PLACE):
            _set(node, "loc", None)
        for key in node.keys:
            value: Any = getattr(node, key)
            if isinstance(value, NameNode):
                _set(node, key, names.setdefault(value.value, NameNode(value=value.value)))
            else:
                waiting += _nodes_in(value)


def _nodes_in(value: Any) -> Iterable[Node]:
    if isinstance(value, Node):
        return (value,)
    return cast("tuple[Node, ...]", value) if isinstance(value, tuple) else ()
