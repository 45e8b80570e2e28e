"""Questions about the schema that multiply. Every one has an anonymous twin, as introspection needs no token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import get_introspection_query

from tests.hostile.operation import Expected, Operation, bounded, http, refused

if TYPE_CHECKING:
    from collections.abc import Callable


def _of_types(depth: int) -> str:
    return "{ __schema { types { fields { type { " + "ofType { " * depth + "name" + " }" * depth + " } } } } }"


def _circle(depth: int) -> str:
    """Types, their fields, the types of those, …: as many as there are paths through the schema."""
    inner = "name"
    for _ in range(depth):
        inner = f"fields {{ type {{ name ofType {{ {inner} }} {inner} }} }}"
    return f"{{ __schema {{ types {{ {inner} }} }} }}"


def _possible_types(depth: int) -> str:
    inner = "name"
    for _ in range(depth):
        inner = f"possibleTypes {{ interfaces {{ {inner} }} }}"
    return f'{{ __type(name: "Node") {{ {inner} }} }}'


def _aliased(count: int) -> str:
    types = (f'a{place}: __type(name: "Campaign") {{ fields {{ name description }} }}' for place in range(count))
    return "{ " + " ".join(types) + " }"


def _aliased_schema(count: int) -> str:
    return "{ " + " ".join(f"a{n}: __schema {{ types {{ fields {{ name }} }} }}" for n in range(count)) + " }"


def _typenames(count: int) -> str:
    return "{ " + " ".join(f"a{place}: __typename" for place in range(count)) + " }"


_DOCUMENTS: list[tuple[str, Callable[[], str], Expected]] = [
    ("the whole schema", get_introspection_query, bounded(steps=1_000_000, answer_bytes=500_000)),
    ("ofType, 9", lambda: _of_types(9), bounded()),
    ("ofType, 100", lambda: _of_types(100), refused()),
    ("ofType, 20,000", lambda: _of_types(20_000), refused()),
    ("fields of types of fields, 2", lambda: _circle(2), bounded(steps=800_000, answer_bytes=200_000)),
    ("fields of types of fields, 5", lambda: _circle(5), refused()),
    ("interfaces of possible types, 3", lambda: _possible_types(3), refused()),
    ("interfaces of possible types, 50", lambda: _possible_types(50), refused()),
    ("__type, 10", lambda: _aliased(10), bounded()),
    ("__type, 1,000", lambda: _aliased(1_000), refused()),
    ("__schema, 100", lambda: _aliased_schema(100), refused()),
    ("__typename, 1,000", lambda: _typenames(1_000), refused()),
    ("__typename, 20,000", lambda: _typenames(20_000), refused()),
    ("__type of a long name", lambda: '{ __type(name: "' + "A" * 900_000 + '") { name } }', refused()),
]
OPERATIONS = [
    Operation(name=name, kind="introspection", make=lambda document=document: http(document()), expected=expected)
    for name, document, expected in _DOCUMENTS
]
