"""What the client selects of the field that is being resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql_schema.context import Info

FIELDS_OF_AN_OBJECT = 30


def selects(info: Info, *names: str) -> bool:
    """Whether one of these fields stands right under it. What @skip and @include say of them is not looked at."""
    raw: Any = getattr(info, "_raw_info")  # noqa: B009  # Strawberry's own `selected_fields` converts the whole subtree
    fields = _fields([node.selection_set for node in raw.field_nodes], raw.fragments)
    return any(field.name.value in names for field in fields)


def objects_selected(info: Any) -> int:
    """How many fields right under it have fields of their own; `info` is graphql-core's.

    Many aliases of plain fields count as the objects that would have as many.
    """
    fields = list(_fields([node.selection_set for node in info.field_nodes], info.fragments))
    return max(sum(field.selection_set is not None for field in fields), len(fields) // FIELDS_OF_AN_OBJECT)


def _fields(selected: list[SelectionSetNode | None], fragments: Mapping[str, Any]) -> Iterator[FieldNode]:
    """The fields of some selections and of all fragments in them, each fragment once, however often it is spread."""
    waiting, seen = [part for part in selected if part], set[str]()
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)
