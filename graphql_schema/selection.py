"""What the client selects of the field that is being resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import FieldNode, FragmentSpreadNode, SelectionSetNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql_schema.context import Info


def selects(info: Info, *names: str) -> bool:
    """Whether one of these fields stands right under it. What @skip and @include say of them is not looked at."""
    raw: Any = getattr(info, "_raw_info")  # noqa: B009  # Strawberry's own `selected_fields` converts the whole subtree
    return any(_holds(node.selection_set, names, raw.fragments) for node in raw.field_nodes)


def _holds(selected: SelectionSetNode | None, names: tuple[str, ...], fragments: Mapping[str, Any]) -> bool:
    for node in selected.selections if selected else ():
        if isinstance(node, FieldNode):
            if node.name.value in names:
                return True
            continue
        fragment: Any = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        if _holds(fragment.selection_set, names, fragments):
            return True
    return False
