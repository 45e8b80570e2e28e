"""Introspection as the installation's setting says: a schema is no secret, but need not be handed out either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.extensions import SchemaExtension

from graphql_schema.context import Context

if TYPE_CHECKING:
    from collections.abc import Iterator


class IntrospectionAsSet(SchemaExtension):
    """Refuses `__schema` and `__type` where INTROSPECTION is off; `__typename` is always answered."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        if isinstance(context, Context) and not context.services.settings.introspection_on:
            rules = self.execution_context.validation_rules
            self.execution_context.validation_rules = (*rules, NoSchemaIntrospectionCustomRule)
        yield
