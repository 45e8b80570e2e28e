"""A new list, or a new field that reads something, needs a weight; and no weight is of a field that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,  # pyright: ignore[reportUnknownVariableType]  # graphql-core's list type does not say of what
    is_composite_type,
)

from graphql_schema.costs.weights import WEIGHTS, one, weight_of
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLField, GraphQLNamedType

CORE = schema.core
# Differences of numbers that are at hand: computed where they are selected, and nothing is read.
COMPUTED = {"MetricsDifference", "MetricsRelativeChange"}


def fields() -> Iterator[tuple[GraphQLObjectType | GraphQLInterfaceType, str, GraphQLField]]:
    for kind in CORE.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            yield from ((kind, name, field) for name, field in kind.fields.items())


def named(field: Any) -> GraphQLNamedType:
    """graphql-core's list type does not say of what."""
    return cast("GraphQLNamedType", get_named_type(field.type))


def is_list(field: Any) -> bool:
    return isinstance(get_nullable_type(field.type), GraphQLList)


def reads(field: GraphQLField) -> bool:
    """Whether it has a resolver of its own, or takes arguments."""
    definition = (field.extensions or {}).get("strawberry-definition")
    return bool(field.args) or getattr(definition, "base_resolver", None) is not None


def test_every_list_says_how_many_it_has() -> None:
    unsaid = [
        f"{kind.name}.{name}" for kind, name, field in fields() if is_list(field) and weight_of(kind, name) is None
    ]
    assert unsaid == []


def test_every_field_that_reads_says_what_that_costs() -> None:
    unsaid = [
        f"{kind.name}.{name}"
        for kind, name, field in fields()
        if reads(field)
        and kind.name not in COMPUTED
        and not kind.name.startswith("__")
        and weight_of(kind, name) is None
    ]
    assert unsaid == []


def test_every_page_of_a_connection_is_as_large_as_was_asked_for() -> None:
    for kind, name, field in fields():
        weight = weight_of(kind, name)
        if named(field).name.endswith("Connection"):
            assert weight is not None, name
            assert weight.opens is not None, name
        if weight is not None and weight.items is not one:
            assert is_list(field), name
        if weight is not None and weight.opens is not None:
            assert is_composite_type(named(field)), name


def test_every_weight_is_of_a_field_that_there_is() -> None:
    there = {f"{kind.name}.{name}" for kind, name, _ in fields()}
    there |= {f"Connection.{name}" for kind, name, _ in fields() if kind.name.endswith("Connection")}

    assert set(WEIGHTS) <= there
