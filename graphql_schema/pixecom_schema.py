"""A Strawberry schema that runs prepared operations and gives every error a code."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import strawberry

from app.observability.shortening import MESSAGE_CHARACTERS, shorten
from graphql_schema.errors import present_error
from graphql_schema.execution.frames import forget_frames

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from graphql import GraphQLError, GraphQLSchema
    from strawberry.types import ExecutionContext, ExecutionResult

    from graphql_schema.documents.prepared import PreparedDocument, PreparedOperation

__all__ = ["PixecomSchema"]

# Errors about the values of variables that one answer reports; each may cost a search for similar names.
_MAX_VARIABLE_ERRORS = 5
_prepared: ContextVar[PreparedDocument | None] = ContextVar("prepared_document", default=None)


class PixecomSchema(strawberry.Schema):
    """Used over HTTP and WebSocket. `open_fields`: the root fields available without an access token."""

    def __init__(self, *args: Any, open_fields: frozenset[str] = frozenset(), **options: Any) -> None:
        super().__init__(*args, **options)  # pyright: ignore[reportUnknownMemberType]  # its generics are bare
        self.open_fields = open_fields

    @property
    def core(self) -> GraphQLSchema:
        """graphql-core's schema."""
        return self._schema

    async def run(
        self,
        document: PreparedDocument,
        operation: PreparedOperation,
        *,
        variables: Mapping[str, Any] | None,
        context: object,
        root: object = None,
    ) -> ExecutionResult:
        """Execute a query or mutation of a prepared document, without parsing or validating it again."""
        with _running(document):
            return await self.execute(
                document.text,
                variable_values=dict(variables) if variables is not None else None,
                context_value=context,
                root_value=root,
                operation_name=operation.name,
            )

    async def follow(
        self,
        document: PreparedDocument,
        operation: PreparedOperation,
        *,
        variables: Mapping[str, Any] | None,
        context: object,
    ) -> Any:
        """The results of a subscription of a prepared document, as Strawberry's `stream` gives them."""
        with _running(document):
            return await self.stream(
                document.text,
                variable_values=dict(variables) if variables is not None else None,
                context_value=context,
                operation_name=operation.name,
            )

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,
    ) -> None:
        for error in errors:
            present_error(error, execution_context, self._schema)
            error.message = shorten(error.message, MESSAGE_CHARACTERS)
            forget_frames(error)

    def _create_execution_context(self, *args: Any, **options: Any) -> ExecutionContext:
        """Strawberry skips parsing if there is a document, and validation if there are no rules."""
        context = super()._create_execution_context(*args, **options)
        document = _prepared.get()
        if document is not None:
            context.graphql_document = document.ast
            context.validation_rules = ()
        return context

    def _get_custom_context_kwargs(self, *args: Any, **options: Any) -> dict[str, Any]:
        document = _prepared.get()
        hides = document is not None and document.hides_names
        return {
            **super()._get_custom_context_kwargs(*args, **options),
            "hide_suggestions": hides,
            "max_coercion_errors": _MAX_VARIABLE_ERRORS,
        }


@contextmanager
def _running(document: PreparedDocument) -> Generator[None]:
    """Make Strawberry run this document in the block."""
    token = _prepared.set(document)
    try:
        yield
    finally:
        _prepared.reset(token)
