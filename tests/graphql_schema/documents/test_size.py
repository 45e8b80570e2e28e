"""Documents are counted in a bounded number of steps, whatever they are, and as execution would see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    GraphQLError,
    build_schema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]  # its middleware is untyped
    get_introspection_query,
    parse,
    validate,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from graphql_schema.documents.limits import DocumentLimits
from graphql_schema.documents.size import DocumentSize, measure_document
from graphql_schema.documents.step_budget import StepBudget
from graphql_schema.examples import list_examples
from tests.graphql_schema.operations import OPERATIONS

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

LIMITS = DocumentLimits()
LOOP = build_schema("type Query { a(n: Int): Query b: Query c: Int d: Int }")
INTROSPECTION = get_introspection_query(
    specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
)


def measure(text: str, limits: DocumentLimits = LIMITS) -> DocumentSize:
    return measure_document(parse(text), limits, StepBudget(limits.steps))


def refusal(text: str, limits: DocumentLimits = LIMITS) -> tuple[str, int]:
    with pytest.raises(GraphQLError) as caught:
        measure(text, limits)
    extensions = caught.value.extensions or {}
    assert extensions["code"] == "QUERY_TOO_COMPLEX"
    return extensions["counted"], extensions["limit"]


def many(count: int, text: str) -> str:
    return " ".join(text.replace("#", str(place)) for place in range(count))


@pytest.mark.parametrize(
    ("text", "counted", "limit"),
    [
        (many(21, "query Q# { c }"), "operations", 20),
        (many(51, "fragment F# on Query { c }") + "{ c }", "fragments", 50),
        ("query (" + many(51, "$v#: Int") + ") { c }", "variables", 50),
        ("{ a { " + many(51, "a#: c @skip(if: true)") + " } }", "directives", 50),
        ("{ a { c " + many(5, "@skip(if: true)") + " } }", "directives in one place", 4),
        ("query " + many(5, "@x") + " { c }", "directives in one place", 4),
        ("query ($v: Int " + many(5, "@x") + ") { c }", "directives in one place", 4),
        ("{ ..." + many(5, "@x") + " { c } }", "directives in one place", 4),
        ("fragment F on Query " + many(5, "@x") + " { c } { ...F }", "directives in one place", 4),
        ("{ a { " + many(201, "a#: c") + " } }", "aliases", 200),
        ("{" + many(21, "r#: c") + "}", "root fields", 20),
        ("{ ...F ...G }" + "fragment F on Query {" + many(11, "r#: c") + "} fragment G on Query {"
         + many(10, "s#: c") + "}", "root fields", 20),
        ("{ a " * 20 + "{ c }" + "}" * 20, "levels", 20),
        ("{ a { " + many(1001, "f#") + " } }", "fields", 1000),
        ("{ a { " + "c " * 46 + " } }", "pairs of fields with one name", 1000),
        # One level of 32 and the level below it: 2 times 496 pairs and 496 more.
        ("{ a { " + "b { c d } " * 32 + " } }", "pairs of fields with one name", 1000),
        ("{ c } fragment Unused on Query {" + "c " * 46 + "}", "pairs of fields with one name", 1000),
    ],
)  # fmt: skip
def test_what_is_too_much_is_named_with_its_limit(text: str, counted: str, limit: int) -> None:
    assert refusal(text) == (counted, limit)


@pytest.mark.parametrize(
    "text",
    [
        many(20, "query Q# { c }"),
        "{ a { " + many(200, "a#: c") + " } }",
        "{" + many(20, "r#: c") + "}",
        "{ a " * 19 + "{ c }" + "}" * 19,
        "{ a { " + "c " * 45 + " } }",
    ],
)
def test_what_is_at_the_limit_passes(text: str) -> None:
    measure(text)


def test_fragments_that_double_are_ended_by_the_budget() -> None:
    """Two spreads of the next, under fields of their own: 2^16 fields in 16 fragments."""
    chain = [f"fragment F{n} on Query {{ a {{ ...F{n + 1} }} b {{ ...F{n + 1} }} }}" for n in range(16)]
    document = parse("{ ...F0 } " + " ".join(chain) + " fragment F16 on Query { c }")
    budget = StepBudget(5000)
    limits = DocumentLimits(fields=10**9, depth=50)

    with pytest.raises(GraphQLError, match="The document has more than 5000 steps"):
        measure_document(document, limits, budget)
    assert budget.spent == 5001


def test_a_fragment_is_entered_once_a_level() -> None:
    chain = [f"fragment F{n} on Query {{ c ...F{n + 1} ...F{n + 1} }}" for n in range(16)]
    size = measure("{ ...F0 } " + " ".join(chain) + " fragment F16 on Query { c }")

    assert (size.fields, size.depth, size.pairs) == (1, 1, 17 * 16 // 2)


@pytest.mark.parametrize(
    "text",
    [
        "{ ...F } fragment F on Query { ...F }",
        "{ ...F } fragment F on Query { a { ...F } }",
        "{ ...F } fragment F on Query { a { ...G } } fragment G on Query { b { ...F } c }",
        "{ ...Nowhere nothing { nothing } }",
        "{ c { } }",
        "fragment F on Nothing { c }",
        "type Query { c: Int } extend type Query { d: Int }",
    ],
)
def test_what_is_not_valid_is_counted_all_the_same(text: str) -> None:
    budget = StepBudget(100)
    measure_document(parse(text), LIMITS, budget)
    assert budget.spent < 20


@pytest.mark.parametrize("text", [INTROSPECTION, *(example.document for example in list_examples()), *OPERATIONS])
def test_what_clients_send_keeps_well_within_the_limits(text: str) -> None:
    budget = StepBudget(LIMITS.steps)
    document = parse(text)
    size = measure_document(document, LIMITS, budget)

    assert document.token_count * 5 < LIMITS.tokens
    assert len(text) * 5 < LIMITS.length
    assert size.fields * 4 < LIMITS.fields
    assert size.aliases * 5 < LIMITS.aliases
    assert size.pairs * 5 < LIMITS.pairs
    assert size.depth < LIMITS.depth
    assert budget.spent * 5 < LIMITS.steps


def _nested(head: str, parts: list[str]) -> str:
    return f"{head} {{ {' '.join(parts)} }}"


def _selections() -> SearchStrategy[str]:
    leaf = st.sampled_from(["c", "d", "x: c", "a: d", "unknown", "...F0", "...F1", "...F2", "...Nowhere"])
    return st.recursive(
        leaf,
        lambda inner: st.builds(
            _nested,
            st.sampled_from(["a", "b", "x: a", "a(n: 1)", "...", "... on Query"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        max_leaves=12,
    )


@st.composite
def _documents(draw: st.DrawFn) -> str:
    bodies = [" ".join(draw(st.lists(_selections(), min_size=1, max_size=3))) for _ in range(4)]
    fragments = " ".join(f"fragment F{place} on Query {{ {body} }}" for place, body in enumerate(bodies[1:]))
    return f"{{ {bodies[0]} }} {fragments if draw(st.booleans()) else ''}"


@given(_documents())
@settings(max_examples=400, deadline=None)
def test_generated_documents_are_counted_as_they_are_executed(text: str) -> None:
    """A field that graphql-core resolves is a field that was counted; and the budget ends every walk."""
    document = parse(text)
    budget = StepBudget(300)
    try:
        size = measure_document(document, LIMITS, budget)
    except GraphQLError:
        assert budget.spent <= 301
        return
    assert budget.spent <= 300
    if validate(LOOP, document):
        return
    assert size.fields == _resolved(document)


def _resolved(document: Any) -> int:
    """How many fields the execution resolves, where every object is there and nothing is left out."""
    count = 0

    def resolve(_source: object, info: Any, **_arguments: object) -> object:
        nonlocal count
        count += 1
        return {} if info.field_name in {"a", "b"} else 1

    result = execute_sync(LOOP, document, {}, field_resolver=resolve)
    assert not result.errors
    return count
