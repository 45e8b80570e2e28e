"""An operation that asks with an id in a place of the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType, get_named_type

from tests.authorization.id_places import SCHEMA
from tests.authorization.planting import DAY
from tests.sandbox.small_world import TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.authorization.id_places import IdPlace

# What else an input must say.
_REQUIRED: dict[str, dict[str, Any]] = {
    "setStatus": {"action": "PAUSE"},
    "backfill": {"from": DAY.isoformat(), "to": DAY.isoformat()},
    "rotateToken": {"accessToken": TOKEN},
}


def operation(place: IdPlace, type_name: str, id_: str, own: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Document and variables. What lies under a node is asked for under one's own, by the ids of `own`."""
    argument = place.path[0]
    wanted = f"{place.field}({argument}: $value) {{ {_selection(place)} }}"
    declared = f"$value: {place.argument_type}"
    variables: dict[str, Any] = {"value": _value(place, type_name, id_)}
    if place.parent in {"Query", "Mutation"}:
        return f"{place.parent.lower()} ({declared}) {{ {wanted} }}", variables
    node = f"node(id: $parent) {{ ... on {place.parent} {{ {wanted} }} }}"
    return f"query ({declared}, $parent: ID!) {{ {node} }}", {**variables, "parent": own[place.parent]}


def _value(place: IdPlace, type_name: str, id_: str) -> object:
    value: object = [id_] if place.is_list else id_
    for name in reversed(place.path[1:]):
        value = {name: value}
    required = _REQUIRED.get(place.field, {}) if place.parent == "Mutation" else {}
    if place.field == "setStatus":
        required = {**required, "level": type_name.upper()}
    return {**value, **required} if isinstance(value, dict) else value


def _selection(place: IdPlace) -> str:
    """All that tells whether there is such a thing: ids, counts, errors; whatever the type has of these."""
    parent = SCHEMA.type_map[place.parent]
    assert isinstance(parent, GraphQLObjectType)
    found: object = get_named_type(parent.fields[place.field].type)  # pyright: ignore[reportUnknownVariableType]  # graphql-core leaves lists open
    if not isinstance(found, GraphQLObjectType):
        return "id __typename"
    known = {
        "id": "id",
        "totalCount": "totalCount unfilteredCount",
        "nodes": "nodes { id name }",
        "pageInfo": "pageInfo { hasNextPage hasPreviousPage }",
        "summaries": "summaries { currency }",
        "succeeded": "succeeded",
        "failed": "failed { entityId code message }",
        "run": "run { id }",
        "errors": "errors { __typename code message path }",
    }
    return " ".join(text for name, text in known.items() if name in found.fields)
