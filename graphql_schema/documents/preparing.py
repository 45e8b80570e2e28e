"""Turns a request's text into a prepared document: parsed within limits, measured, validated, priced, and cached.

Every document from HTTP and WebSocket passes through here. Refusals are cached too; each repetition still costs what
reading the document cost. Parsing, measuring, validating and pricing have pauses (`app.event_loop.pauses`), which let
others go on while a large document is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from graphql import GraphQLError, GraphQLSyntaxError, OperationDefinitionNode
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from app.observability.prometheus import DOCUMENTS
from graphql_schema.costs.plan import plan_cost
from graphql_schema.costs.scope import read_value
from graphql_schema.documents.cache import DocumentCache
from graphql_schema.documents.limits import DocumentLimits
from graphql_schema.documents.open_fields import asks_too_often, is_open
from graphql_schema.documents.operation_choice import choose_operation
from graphql_schema.documents.parsing import parse
from graphql_schema.documents.prepared import PreparedDocument, PreparedOperation
from graphql_schema.documents.refusal import DocumentRefusedError, DocumentRequest, Refusals
from graphql_schema.documents.size import measure_document
from graphql_schema.documents.step_budget import StepBudget
from graphql_schema.documents.stripping import strip_document
from graphql_schema.documents.validation import validate_document, validation_rules
from graphql_schema.errors import ErrorCode, document_too_large, unauthenticated

if TYPE_CHECKING:
    from graphql import DocumentNode

    from app.configuration.settings import Settings
    from graphql_schema.documents.size import DocumentSize
    from graphql_schema.pixecom_schema import PixecomSchema

__all__ = ["DocumentRefusedError", "DocumentRequest", "Documents", "Preparation"]

OPEN_DOCUMENTS_KEPT, OPEN_TOKENS_KEPT = 100, 10_000


class Preparation(NamedTuple):
    """A document and its operation to run. `tokens`: how many were parsed now; 0 if it was cached."""

    document: PreparedDocument
    operation: PreparedOperation
    tokens: int


class Documents:
    """This process's documents, for one schema and one set of settings."""

    def __init__(self, schema: PixecomSchema, settings: Settings) -> None:
        self._schema = schema
        self._introspection = settings.introspection_on
        self._max_range_days = settings.max_range_days
        self._limits = DocumentLimits.of(settings)
        self._open_limits = self._limits.shortened(
            length=settings.max_anonymous_length, tokens=settings.max_anonymous_tokens
        )
        self._rules = validation_rules(introspection=self._introspection)
        self._kept = DocumentCache[str, PreparedDocument](
            documents=settings.documents_kept, size=settings.document_tokens_kept
        )
        # Documents sent without a token never evict those of others.
        self._kept_open = DocumentCache[str, PreparedDocument](documents=OPEN_DOCUMENTS_KEPT, size=OPEN_TOKENS_KEPT)
        self._refused = Refusals(longest=self._limits.length)
        self._refused_open = Refusals(longest=self._open_limits.length)

    def prepare(self, request: DocumentRequest) -> Preparation:
        """The document of a text, and its operation. Raises DocumentRefusedError and KindRefusedError.

        Without an access token, only small documents with fields that are open to everyone are accepted; others are
        rejected as UNAUTHENTICATED before validation.
        """
        refusals = self._refusals_for(request)
        if known := refusals.find(request):
            DOCUMENTS.labels("REFUSED").inc()
            raise known
        try:
            return self._prepare(request)
        except DocumentRefusedError as refusal:
            DOCUMENTS.labels("REFUSED").inc()
            self._present(refusal, request)
            refusals.keep(request, refusal)
            raise

    def keeps(self, request: DocumentRequest) -> bool:
        """Whether the document is cached, so that it needs no parsing."""
        return request.text in self._cache_for(request)

    def _prepare(self, request: DocumentRequest) -> Preparation:
        cache = self._cache_for(request)
        found = cache.find(request.text)
        if found is not None:
            operation = _chosen(found, request)
            DOCUMENTS.labels("HIT").inc()
            return Preparation(found, operation, tokens=0)
        made = self._read(request)
        DOCUMENTS.labels("MISS").inc()
        cache.keep(request.text, made, size=made.tokens)
        return Preparation(made, _chosen(made, request), tokens=made.tokens)

    def _present(self, refusal: DocumentRefusedError, request: DocumentRequest) -> None:
        """Give the errors codes and the arguments they refer to."""
        context = ExecutionContext(
            query=request.text,
            schema=self._schema,
            allowed_operations=(),
            variables={},
            provided_operation_name=request.name,
            graphql_document=refusal.document,
        )
        self._schema.process_errors(refusal.errors, context)

    def _cache_for(self, request: DocumentRequest) -> DocumentCache[str, PreparedDocument]:
        return self._kept_open if request.anonymous else self._kept

    def _refusals_for(self, request: DocumentRequest) -> Refusals:
        return self._refused_open if request.anonymous else self._refused

    def _read(self, request: DocumentRequest) -> PreparedDocument:
        limits = self._open_limits if request.anonymous else self._limits
        try:
            ast = _parse(request.text, limits)
        except GraphQLError as error:
            raise DocumentRefusedError([_shown_to(request, error)], tokens=limits.tokens) from None
        try:
            return self._examine(request, ast, limits)
        except GraphQLError as error:
            raise DocumentRefusedError([_shown_to(request, error)], tokens=ast.token_count, document=ast) from None

    def _examine(self, request: DocumentRequest, ast: DocumentNode, limits: DocumentLimits) -> PreparedDocument:
        budget = StepBudget(limits.steps)
        size = measure_document(ast, limits, budget)
        operations = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
        choose_operation(operations, request.name, request.kinds)
        open_to_all = self._check_root_fields(size, anonymous=request.anonymous)
        self._validate(ast, anonymous=request.anonymous)
        strip_document(ast)
        return PreparedDocument(
            text=request.text,
            ast=ast,
            tokens=ast.token_count,
            is_open=open_to_all,
            hides_names=not self._introspection,
            operations=tuple(self._operation(node, ast, budget) for node in operations),
        )

    def _check_root_fields(self, size: DocumentSize, *, anonymous: bool) -> bool:
        open_to_all = is_open(size.root_fields, self._schema.open_fields, introspection=self._introspection)
        if anonymous and not open_to_all:
            raise unauthenticated()
        repeated = asks_too_often(size.root_fields)
        if repeated is not None:
            raise GraphQLError(
                f"A document may use {repeated} only once.",
                [node for node in size.root_fields if node.name.value == repeated],
            )
        return open_to_all

    def _validate(self, ast: DocumentNode, *, anonymous: bool) -> None:
        found = validate_document(self._schema.core, ast, self._rules, suggests=self._introspection and not anonymous)
        if found.errors:
            raise DocumentRefusedError(found.errors, tokens=found.tokens, document=ast)

    def _operation(self, node: OperationDefinitionNode, ast: DocumentNode, budget: StepBudget) -> PreparedOperation:
        return PreparedOperation(
            name=node.name.value if node.name else None,
            kind=OperationType(node.operation.value),
            node=node,
            cost_plan=plan_cost(self._schema.core, ast, node, max_range_days=self._max_range_days, budget=budget),
            defaults={
                item.variable.name.value: read_value(item.default_value)
                for item in node.variable_definitions or ()
                if item.default_value
            },
        )


def _chosen(document: PreparedDocument, request: DocumentRequest) -> PreparedOperation:
    """Raises DocumentRefusedError and KindRefusedError: a cached document may be sent with another operation name."""
    try:
        place = choose_operation([each.node for each in document.operations], request.name, request.kinds)
    except GraphQLError as error:
        raise DocumentRefusedError([error], document=document.ast) from None
    return document.operations[place]


def _shown_to(request: DocumentRequest, error: GraphQLError) -> GraphQLError:
    """Without a token, a document that is too large needs a token, since limits with a token are larger."""
    too_large = (error.extensions or {}).get("code") == ErrorCode.QUERY_TOO_COMPLEX.value
    return unauthenticated() if too_large and request.anonymous else error


def _parse(text: str, limits: DocumentLimits) -> DocumentNode:
    """Raises GraphQLSyntaxError, or a QUERY_TOO_COMPLEX error if the text is too long."""
    if len(text) > limits.length:
        raise document_too_large("characters", limits.length)
    try:
        return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        if f"contains more than {limits.tokens} " in error.message:  # graphql-core reports it in no other way
            raise document_too_large("tokens", limits.tokens) from None
        raise
