"""The schema as a whole: every word of it is described, and the committed text is the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from app.metrics.definitions import METRICS, Unit
from graphql_schema import sdl
from graphql_schema.schema import schema
from graphql_schema.types.enums import describe_enum

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import Enum

core = schema._schema


def undescribed() -> Iterator[str]:
    """Every type, field, argument, enum value and input field that says nothing about itself."""
    for name, kind in core.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        if not kind.description:
            yield name
        if isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, item in kind.values.items() if not item.description)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield from (f"{name}.{field}" for field, item in kind.fields.items() if not item.description)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, item in kind.fields.items():
                yield from (f"{name}.{field}({arg})" for arg, one in item.args.items() if not one.description)


def test_everything_is_described() -> None:
    assert list(undescribed()) == []


def test_the_committed_text_is_the_schema() -> None:
    committed = sdl.FILE.read_text(encoding="utf-8")

    assert committed == sdl.sdl(), "write it anew: python -m graphql_schema.sdl --write"


def test_a_field_is_named_id_only_where_it_is_the_objects_own() -> None:
    """A client's cache keys objects by `id`: one that is another object's would merge the two."""
    objects = {name: kind for name, kind in core.type_map.items() if isinstance(kind, GraphQLObjectType)}
    with_id = {name for name, kind in objects.items() if "id" in kind.fields}
    nodes = {name for name, kind in objects.items() if any(face.name == "Node" for face in kind.interfaces)}

    assert with_id - {"User", "Seller"} == nodes  # whoever asks; global ids too, which nothing else shares
    assert {str(objects[name].fields["id"].type) for name in with_id} == {"ID!"}


def test_the_metrics_fields_are_those_of_the_table() -> None:
    scalars = {
        Unit.MONEY: "Decimal",
        Unit.MONEY_PER: "Decimal",
        Unit.COUNT: "BigInt",
        Unit.PERCENT: "Float",
        Unit.RATIO: "Float",
    }
    expected = {metric.graphql_name: scalars[metric.unit] + ("" if metric.uses_money else "!") for metric in METRICS}
    kind = core.type_map["Metrics"]
    assert isinstance(kind, GraphQLObjectType)

    assert {name: str(field.type) for name, field in kind.fields.items() if name in expected} == expected
    assert set(kind.fields) - set(expected) == {"currency", "from", "to", "hasData", "syncedAt", "isFinal", "freshness"}


def test_no_field_names_a_token_of_a_platform() -> None:
    kind = core.type_map["AdAccount"]
    assert isinstance(kind, GraphQLObjectType)

    assert [name for name in kind.fields if "token" in name.lower()] == []


def test_an_enum_with_a_value_that_is_not_described_is_refused() -> None:
    def colours() -> type[Enum]:
        from enum import Enum  # noqa: PLC0415  # the functional form at run time only

        return Enum("Colour", ["RED", "BLUE"])

    with pytest.raises(ValueError, match="Colour and the descriptions of its values differ"):
        describe_enum(colours(), description="Colours.", RED="Red.")
