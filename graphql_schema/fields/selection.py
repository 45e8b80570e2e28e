"""What the client selects of the field that is being resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionNode, SelectionSetNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql_schema.context import Info

FIELDS_OF_AN_OBJECT = 30
# A fragment that is spread again and again has more only if hardly any of them is different.
MOST_FIELDS = 3_000


def selects(info: Info, *names: str) -> bool:
    """Whether one of these fields stands right under it. What @skip and @include say of them is not looked at."""
    raw: Any = getattr(info, "_raw_info")  # noqa: B009  # Strawberry's own `selected_fields` converts the whole subtree
    fields = _fields([node.selection_set for node in raw.field_nodes], raw.fragments)
    return any(field.name.value in names for field in fields)


def objects_selected(info: Any, counted: dict[int, int]) -> int:
    """How many objects a value of this field is worth, at least 1; `info` is graphql-core's.

    That is how many fields right under it have fields of their own. Many fields, however deep they are, count as the
    objects that would have as many. `counted` keeps what one operation's selections have.
    """
    selected = [node.selection_set for node in info.field_nodes]
    objects = sum(field.selection_set is not None for field in _fields(selected, info.fragments))
    below = sum(_count_below(each, info.fragments, counted) for each in selected if each)
    return max(1, objects, below // FIELDS_OF_AN_OBJECT)


def _count_below(selected: SelectionSetNode, fragments: Mapping[str, Any], counted: dict[int, int]) -> int:
    """How many fields it has on all levels, at most MOST_FIELDS. Each selection is looked at once."""
    key = id(selected)  # which the operation keeps
    if key not in counted:
        counted[key] = 0
        counted[key] = min(MOST_FIELDS, sum(_count_in(node, fragments, counted) for node in selected.selections))
    return counted[key]


def _count_in(node: SelectionNode, fragments: Mapping[str, Any], counted: dict[int, int]) -> int:
    inner: Any = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
    below = _count_below(inner.selection_set, fragments, counted) if inner.selection_set else 0
    return below + isinstance(node, FieldNode)


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
