"""Every place of the schema that takes an id, found by walking through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphql import (
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from graphql_schema.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import GraphQLArgument, GraphQLField, GraphQLInputField

SCHEMA: GraphQLSchema = schema._schema
# What an argument or a field of an input takes the ids of, by its name alone.
TYPES_BY_NAME = {
    "accountIds": "AdAccount",
    "adAccountIds": "AdAccount",
    "adStrategyIds": "AdStrategy",
    "adsetIds": "Adset",
    "campaignIds": "Campaign",
    "pageIds": "Page",
    "runId": "SyncRun",
    "sellpageIds": "Sellpage",
}
# Where the name does not tell.
TYPES_BY_PLACE: dict[str, tuple[str, ...]] = {
    "AdFilter.ids": ("Ad",),
    "AdsetFilter.ids": ("Adset",),
    "CampaignFilter.ids": ("Campaign",),
    "Query.ad.id": ("Ad",),
    "Query.adset.id": ("Adset",),
    "Query.campaign.id": ("Campaign",),
    "Query.page.id": ("Page",),
    "Query.syncRun.id": ("SyncRun",),
    "RotateTokenInput.connectionId": ("AdAccount", "Page"),
    "SetStatusInput.ids": ("Campaign", "Adset", "Ad"),
}


def node_types() -> list[str]:
    """The names of all types with a global id."""
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    return sorted(found.name for found in SCHEMA.get_possible_types(node))


@dataclass(frozen=True)
class IdPlace:
    """An argument, or a field of an input somewhere in one. `path` leads to it from the field: filter.adset.ids."""

    parent: str
    field: str
    path: tuple[str, ...]
    key: str  # names the place by the type that it belongs to: AdsetFilter.ids
    argument_type: str
    is_list: bool

    @property
    def types(self) -> tuple[str, ...]:
        """The types whose ids it takes. Empty: `test_completeness.py` asks for an entry."""
        if self.key in {"Query.node.id", "Query.nodes.ids"}:
            return tuple(node_types())
        by_name = TYPES_BY_NAME.get(self.path[-1])
        return TYPES_BY_PLACE.get(self.key) or ((by_name,) if by_name else ())

    def __str__(self) -> str:
        return f"{self.parent}.{self.field}({'.'.join(self.path)})"


def id_places() -> list[IdPlace]:
    return [
        place
        for parent in SCHEMA.type_map.values()
        if isinstance(parent, GraphQLObjectType) and not parent.name.startswith("__")
        for name, field in parent.fields.items()
        for place in _places_of(parent.name, name, field)
    ]


def _places_of(parent: str, name: str, field: GraphQLField) -> Iterator[IdPlace]:
    for argument, taken in field.args.items():
        for path, key, leaf in _leaves(f"{parent}.{name}", {argument: taken}, ()):
            yield IdPlace(parent, name, path, key, _written(taken), "[" in _written(leaf))


def _leaves(
    owner: str, taken: Mapping[str, GraphQLArgument | GraphQLInputField], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str, GraphQLArgument | GraphQLInputField]]:
    for name, leaf in taken.items():
        kind: object = get_named_type(leaf.type)  # pyright: ignore[reportUnknownArgumentType]  # graphql-core leaves lists open
        if kind == GraphQLID:
            yield (*above, name), f"{owner}.{name}", leaf
        elif isinstance(kind, GraphQLInputObjectType):
            yield from _leaves(kind.name, kind.fields, (*above, name))


def _written(taken: GraphQLArgument | GraphQLInputField) -> str:
    """Its type as the SDL has it."""
    return str(taken.type)  # pyright: ignore[reportUnknownArgumentType]  # likewise
