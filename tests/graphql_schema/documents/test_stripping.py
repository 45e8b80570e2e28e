"""A document that is kept has what its operations need, takes few objects, and goes without a garbage collection."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from graphql import (
    ArgumentNode,
    FieldNode,
    Location,
    NameNode,
    Token,
    ValueNode,
    VariableDefinitionNode,
    print_ast,
)

from tests.graphql_schema.documents.conftest import request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graphql import DocumentNode

    from graphql_schema.documents.preparing import Documents

FIELDS = "spend roas purchases impressions ctr cpc cpm"
LIST = f"campaigns(first: $first, filter: {{name: $name}}) {{ nodes {{ id ...Part metrics {{ {FIELDS} }} }} }}"
LISTS = " ".join(f"list{number}: {LIST}" for number in range(20))
TEXT = f"""query ($first: Int = 5, $name: String) {{ {LISTS} }}
fragment Part on Campaign {{ adsets(first: 1) {{ nodes {{ name metrics {{ {FIELDS} }} }} }} }}"""
OBJECTS_A_TOKEN = 2
PLACED = FieldNode | ArgumentNode | ValueNode | VariableDefinitionNode


def prepared(documents: Documents) -> DocumentNode:
    return documents.prepare(request(TEXT)).document.ast


def parts_of(document: DocumentNode) -> Iterator[Any]:
    """All that a document alone refers to, each object once: nodes, places, tuples."""
    waiting, seen = [document], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and gc.is_tracked(one) and not isinstance(one, type):
            seen.add(id(one))
            yield one
            waiting += gc.get_referents(one)


def test_it_takes_few_objects(open_documents: Callable[..., Documents]) -> None:
    document = prepared(open_documents())
    parts = list(parts_of(document))
    assert len(parts) < OBJECTS_A_TOKEN * document.token_count
    assert sum(isinstance(part, Token) for part in parts) == 1
    names = [part.value for part in parts if isinstance(part, NameNode)]
    assert len(names) == len(set(names))


def test_what_an_error_refers_to_has_its_place(open_documents: Callable[..., Documents]) -> None:
    placed = [part for part in parts_of(prepared(open_documents())) if isinstance(part, PLACED)]
    assert len(placed) > 300
    for part in placed:
        assert isinstance(part.loc, Location)
        written = "".join(TEXT[part.loc.start : part.loc.end].split())
        assert written.startswith("".join(print_ast(part).split())[:5])


def test_it_says_what_it_said(open_documents: Callable[..., Documents]) -> None:
    assert "".join(print_ast(prepared(open_documents())).replace(",", "").split()) == "".join(
        TEXT.replace(",", "").split()
    )


def test_it_goes_without_a_collection(open_documents: Callable[..., Documents]) -> None:
    gc.collect()
    gc.disable()
    try:
        before, others = _tokens_alive(), _places_alive()
        documents = open_documents()
        prepared(documents)
        gc.collect()  # what validating it took
        assert _places_alive() > others + 300
        del documents
        assert _places_alive() == others
        assert _tokens_alive() <= before
    finally:
        gc.enable()


def _places_alive() -> int:
    return sum(isinstance(each, Location) and each.source.body == TEXT for each in gc.get_objects())


def _tokens_alive() -> int:
    """Of all documents, kept or not."""
    return sum(isinstance(each, Token) for each in gc.get_objects())
