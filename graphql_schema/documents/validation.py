"""Validates documents by the rules of GraphQL and Strawberry, at a cost that is bounded by the document's tokens.

An unknown name may be compared with all names of the schema, letter by letter, to suggest similar ones. That takes as
long as validating hundreds of tokens, so it happens only in a short document with few mistakes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import specified_rules
from graphql.validation import NoSchemaIntrospectionCustomRule, OverlappingFieldsCanBeMergedRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graphql_schema.documents.paused_validation import find_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import DocumentNode, GraphQLError, GraphQLSchema

__all__ = ["Findings", "validate_document", "validation_rules"]

# A second limit behind the pairs that we count, in graphql-core's own unit of comparisons.
_COMPARISONS = 5000
# Errors reported in one answer.
_MAX_ERRORS = 10
# The longest document, and the most errors in it, for which similar names are suggested.
_SUGGESTED_TOKENS = 250
_SUGGESTED_ERRORS = 2
# Tokens that take as long to read as similar names take to find.
_TOKENS_A_SUGGESTION = 200


class Findings(NamedTuple):
    """The errors, if any, and the tokens that take as long to read as the document took to validate."""

    errors: Sequence[GraphQLError]
    tokens: int


class _OverlappingFields(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule with a smaller budget than its own."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _COMPARISONS


def validation_rules(*, introspection: bool) -> tuple[Any, ...]:
    rules = [_OverlappingFields if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules]
    hidden = () if introspection else (NoSchemaIntrospectionCustomRule,)
    return (*rules, MaybeNullValidationRule, OneOfInputValidationRule, *hidden)


def validate_document(schema: GraphQLSchema, ast: DocumentNode, rules: Sequence[Any], *, suggests: bool) -> Findings:
    """What is wrong with the document. `suggests`: whether the caller may be told similar names."""
    errors = find_errors(schema, ast, rules, most=_MAX_ERRORS, suggests=False)
    if not (suggests and 0 < len(errors) <= _SUGGESTED_ERRORS and ast.token_count <= _SUGGESTED_TOKENS):
        return Findings(errors, ast.token_count)
    # The number of errors is known only now, so the document is validated again.
    tokens = 2 * ast.token_count + _TOKENS_A_SUGGESTION * len(errors)
    return Findings(find_errors(schema, ast, rules, most=_MAX_ERRORS, suggests=True), tokens)
