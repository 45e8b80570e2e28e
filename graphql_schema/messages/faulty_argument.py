"""Which argument an error of graphql-core's or Strawberry's is about, as a client would name it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_operation_ast,
    type_from_ast,  # pyright: ignore[reportUnknownVariableType]  # its overloads don't say of what a list type is
)

from graphql_schema.messages.argument_path import path_of_node, path_of_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, GraphQLError, GraphQLSchema, GraphQLType, OperationDefinitionNode

__all__ = ["VARIABLE_FAULT", "argument_of"]

VARIABLE_FAULT = re.compile(r"Variable '\$(?P<name>\w+)' has invalid (?:default )?value(?: at (?P<path>[^:]+))?:")
_PLACE = re.compile(r"\[(\d+)\]")
# Strawberry's, of a oneOf input in a variable: they name no place.
_ONE_OF_FAULT = re.compile(r"OneOf Input Object '\w+' must|Value for member field '\w+' must")


def argument_of(
    error: GraphQLError,
    document: DocumentNode,
    schema: GraphQLSchema,
    variables: Mapping[str, Any],
    operation_name: str | None,
) -> str | None:
    """The path of the argument, variables replaced by where they are first used; None when it is about none."""
    operation = get_operation_ast(document, operation_name)
    fault = VARIABLE_FAULT.match(error.message)
    if fault:
        inner = _PLACE.sub(r".\1", fault["path"] or "")
        return f"{_used_as(fault['name'], document, operation)}{inner}"
    if error.nodes:
        return path_of_node(document, error.nodes[0])
    if operation and _ONE_OF_FAULT.match(error.message):
        return _faulty_one_of(document, operation, schema, variables)
    return None


def _used_as(name: str, document: DocumentNode, operation: OperationDefinitionNode | None) -> str:
    """Other operations may have a variable of the same name; a fragment may be where it is used."""
    here = path_of_variable(operation, name) if operation else None
    return here or path_of_variable(document, name) or name


def _faulty_one_of(
    document: DocumentNode, operation: OperationDefinitionNode, schema: GraphQLSchema, variables: Mapping[str, Any]
) -> str | None:
    """The first variable's value that is not what its oneOf type demands."""
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        inner = _fault_in(variables.get(name), type_from_ast(schema, definition.type))
        if inner is not None:
            return ".".join([_used_as(name, document, operation), *inner])
    return None


def _fault_in(value: object, type_: GraphQLType | None) -> list[str] | None:
    """The way to the innermost faulty oneOf value in the value of a variable."""
    if isinstance(type_, GraphQLNonNull):
        return _fault_in(value, _inner(type_))
    if isinstance(type_, GraphQLList):
        if not isinstance(value, list):  # one item stands for a list of it
            return _fault_in(value, _inner(type_))
        items = cast("list[object]", value)
        return _first_fault({str(place): (item, _inner(type_)) for place, item in enumerate(items)})
    if not isinstance(type_, GraphQLInputObjectType) or not isinstance(value, dict):
        return None
    found = cast("dict[str, object]", value)
    fields = {name: (found[name], field.type) for name, field in type_.fields.items() if name in found}
    inner = _first_fault(fields)
    return inner if inner is not None or not _is_one_of(type_) else _fault_of_one_of(found)


def _inner(type_: Any) -> GraphQLType:
    """What a list type is of, or a type that is not null."""
    return type_.of_type


def _first_fault(parts: Mapping[str, tuple[object, GraphQLType]]) -> list[str] | None:
    for name, (value, type_) in parts.items():
        inner = _fault_in(value, type_)
        if inner is not None:
            return [name, *inner]
    return None


def _fault_of_one_of(fields: Mapping[str, object]) -> list[str] | None:
    if len(fields) != 1:
        return []
    [(name, value)] = fields.items()
    return [name] if value is None else None


def _is_one_of(type_: GraphQLInputObjectType) -> bool:
    """Strawberry keeps it to itself."""
    return bool(type_.extensions["strawberry-definition"].is_one_of)
