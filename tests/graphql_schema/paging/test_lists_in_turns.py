"""Every list of the schema, whatever its items are, is completed over several turns of the event loop if it is long.

The fields of the schema answer with the same made-up lists and objects here, so that none is forgotten.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    OperationType,
    get_named_type,
    is_leaf_type,
    parse,
)
from graphql.execution.executor import Executor

from app.event_loop.pieces import working
from graphql_schema.context import Context
from graphql_schema.execution.answer_executor import AnswerExecutor
from graphql_schema.fields.selection import FIELDS_OF_AN_OBJECT
from graphql_schema.fields.turns import AT_ONCE
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

ITEMS = 4 * AT_ONCE
SCALARS = ITEMS * FIELDS_OF_AN_OBJECT
SOME = AT_ONCE - 3  # one such list is completed at once
ROOTS = ("query", "mutation")


class Counted:
    """An operation's work: the objects it counted, and the items completed in each turn of the loop."""

    def __init__(self) -> None:
        self.objects = 0
        self.completed = [0]

    async def give_way(self, objects: int) -> None:
        self.objects += objects
        self.completed.append(0)
        await asyncio.sleep(0)

    @contextmanager
    def counting(self, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
        original: Any = cast("Any", Executor).complete_list_item_value

        def complete(*args: Any, **options: Any) -> Any:
            self.completed[-1] += 1
            return original(*args, **options)

        with monkeypatch.context() as patch, working(self):
            patch.setattr(Executor, "complete_list_item_value", complete)
            yield


def _is_list(type_: Any) -> bool:
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)


def _object_types(type_: Any) -> list[Any]:
    """What an object of this type may be."""
    if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
        return list(schema.core.get_possible_types(type_))
    return [type_] if isinstance(type_, GraphQLObjectType) else []


def _lists() -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Each list that queries, mutations and introspection can reach: its field, the way to it, the type of an item."""
    roots = [(root, cast("Any", schema.core.get_root_type(OperationType(root)))) for root in ROOTS]
    waiting = deque[tuple[tuple[str, ...], Any]]([((root,), type_) for root, type_ in roots])
    meta = cast("Any", schema.core.get_type("__Schema"))
    waiting.append((("query", "__schema"), meta))
    seen = {type_.name for _, type_ in waiting}
    while waiting:
        path, type_ = waiting.popleft()
        for name, field in type_.fields.items():
            inner = cast("Any", get_named_type(field.type))
            if _is_list(field.type):
                yield f"{type_.name}.{name}", (*path, name), inner
            for each in _object_types(inner):
                if each.name not in seen:
                    seen.add(each.name)
                    narrowed = (name,) if each is inner else (name, f"... on {each.name}")
                    waiting.append(((*path, *narrowed), each))


LISTS = {field: (path, inner) for field, path, inner in _lists()}


def _document(path: tuple[str, ...], inner: Any, *, aliases: int = 1) -> str:
    """The list that the last field of the path is, in an operation that asks for nothing else."""
    field = path[-1] if is_leaf_type(inner) else f"{path[-1]} {{ __typename }}"
    text = " ".join(f"a{number}: {field}" for number in range(aliases))
    for name in reversed(path[1:-1]):
        text = f"{name} {{ {text} }}"
    return f"{path[0]} {{ {text} }}"


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many items the lists of a field have; those of other fields have one."""
    lengths: dict[str, int] = {}

    def answer(field: str, type_: Any) -> Any:
        inner = cast("Any", get_named_type(type_))
        value: Any = "value" if is_leaf_type(inner) else object()
        return [value] * lengths.get(field, 1) if _is_list(type_) else value

    def resolver(name: str, field: GraphQLField) -> Any:
        def resolve(*_args: Any, **_options: Any) -> Any:
            return answer(name, field.type)

        return resolve

    for type_ in [*schema.core.type_map.values()]:
        if isinstance(type_, GraphQLObjectType):
            monkeypatch.setattr(type_, "is_type_of", None)
            for name, field in type_.fields.items():
                monkeypatch.setattr(field, "resolve", resolver(f"{type_.name}.{name}", field))
                monkeypatch.setattr(field, "args", {})
        elif isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            monkeypatch.setattr(type_, "resolve_type", _narrowed)
        elif is_leaf_type(cast("Any", type_)):
            monkeypatch.setattr(type_, "coerce_output_value", _unchanged)
    return lengths


def _unchanged(value: object) -> object:
    return value


def _narrowed(_value: object, info: Any, type_: Any) -> str:
    """The type that the document asks for."""
    parts = [part for node in info.field_nodes for part in node.selection_set.selections]
    kinds = [part.type_condition.name.value for part in parts if part.kind == "inline_fragment"]
    return (kinds or [schema.core.get_possible_types(type_)[0].name])[0]


async def _execute(document: str) -> Any:
    context = Context(cast("Any", None), None)
    build = cast("Any", AnswerExecutor).build
    result: Any = build(schema.core, parse(document), context_value=context).execute_operation()
    return await result if asyncio.iscoroutine(result) else result


@pytest.mark.parametrize("field", LISTS)
async def test_a_long_list_gives_way(monkeypatch: pytest.MonkeyPatch, made_up: dict[str, int], field: str) -> None:
    path, inner = LISTS[field]
    is_leaf = is_leaf_type(inner)
    made_up[field] = SCALARS if is_leaf else ITEMS
    counted = Counted()
    with counted.counting(monkeypatch):
        answer = await _execute(_document(path, inner))
    assert sum(counted.completed) >= made_up[field], answer
    assert max(counted.completed) <= 2 * AT_ONCE * (FIELDS_OF_AN_OBJECT if is_leaf else 1)
    assert counted.objects >= ITEMS - 2 * AT_ONCE


@pytest.mark.parametrize("field", LISTS)
async def test_many_short_lists_count_like_a_long_one(
    monkeypatch: pytest.MonkeyPatch, made_up: dict[str, int], field: str
) -> None:
    path, inner = LISTS[field]
    is_leaf = is_leaf_type(inner)
    made_up[field] = SOME * (FIELDS_OF_AN_OBJECT if is_leaf else 1)
    counted = Counted()
    with counted.counting(monkeypatch):
        answer = await _execute(_document(path, inner, aliases=10))
    assert sum(counted.completed) >= 10 * made_up[field], answer
    assert max(counted.completed) <= 3 * AT_ONCE * (FIELDS_OF_AN_OBJECT if is_leaf else 1)
    assert counted.objects >= 10 * SOME - 3 * AT_ONCE
