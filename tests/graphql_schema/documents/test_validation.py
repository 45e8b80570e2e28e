"""What it takes to validate a document is bounded by its tokens, whatever is wrong with it: counted in steps."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from graphql import parse

from graphql_schema.documents.validation import Findings, validate_document, validation_rules
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from types import FrameType

RULES = validation_rules(introspection=True)
STEPS_A_TOKEN = 110


def validated(text: str) -> tuple[Findings, int, int]:
    """The findings, the tokens of the document, and the calls of functions that validating it took."""
    ast, steps = parse(text), 0

    def count(_frame: FrameType, happened: str, _argument: object) -> None:
        nonlocal steps
        steps += happened in {"call", "c_call"}

    sys.setprofile(count)
    try:
        found = validate_document(schema.core, ast, RULES, suggests=True)
    finally:
        sys.setprofile(None)
    return found, ast.token_count, steps


def suggestions(found: Findings) -> int:
    return sum("Did you mean" in error.message for error in found.errors)


def _wrong_orders(count: int) -> str:
    return "{ ads(orderBy: [" + "{field: COST_PER_PURCHASS} " * count + "]) { totalCount } }"


def _wrong_arguments(count: int) -> str:
    return "{ " + " ".join(f"ads(filte{n}: {{statu{n}: ACTIV{n}}}) {{ totalCoun{n} }}" for n in range(count)) + " }"


def _wrong_types(count: int) -> str:
    return "query (" + " ".join(f"$v{n}: CampaignsFiltersInp{n}" for n in range(count)) + ") { viewer { role } }"


def _wrong_fields(count: int) -> str:
    return "{ ads { nodes { metrics { " + " ".join(f"costPerPurchas{n}" for n in range(count)) + " } } } }"


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """What graphql-core makes once for a schema is made before anything is counted."""
    for text in (_wrong_orders(1), _wrong_arguments(1), _wrong_types(1), _wrong_fields(1)):
        validated(text)


@pytest.mark.parametrize(
    "text", [_wrong_orders(3), _wrong_orders(100), _wrong_arguments(30), _wrong_types(40), _wrong_fields(90)]
)
def test_of_many_mistakes_none_is_suggested_a_name_for(text: str) -> None:
    found, tokens, steps = validated(text)

    assert (suggestions(found), found.tokens) == (0, tokens)
    assert steps < tokens * STEPS_A_TOKEN + 10_000


@pytest.mark.parametrize(
    "text", [_wrong_orders(1), _wrong_fields(1), _wrong_fields(2), "query ($v: AdFilte) { ads { totalCount } }"]
)
def test_names_that_are_suggested_are_paid_for(text: str) -> None:
    found, tokens, steps = validated(text)

    assert suggestions(found) >= 1
    assert found.tokens == 2 * tokens + 200 * len(found.errors)
    assert steps < found.tokens * STEPS_A_TOKEN + 20_000


def test_a_long_document_is_suggested_no_names() -> None:
    found, tokens, _ = validated("{ ads { nodes { " + "id " * 300 + "nam } } }")

    assert (len(found.errors), suggestions(found), found.tokens) == (1, 0, tokens)


def test_a_document_without_mistakes_is_validated_once() -> None:
    found, tokens, _ = validated("{ viewer { role } }")

    assert found == Findings([], tokens)
