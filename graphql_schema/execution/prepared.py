"""A document that was parsed, measured, validated and priced: values that never change and belong to no caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphql_schema.execution.expressions import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, OperationDefinitionNode
    from strawberry.types.graphql import OperationType

    from graphql_schema.execution.expressions import Expression

__all__ = ["PreparedDocument", "PreparedOperation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedOperation:
    """`cost_plan` needs the variables alone; `defaults` are theirs in the document, as JSON has them."""

    name: str | None
    kind: OperationType
    node: OperationDefinitionNode = field(repr=False)
    cost_plan: Expression[int] = field(repr=False)
    defaults: Mapping[str, object] = field(repr=False)

    def cost(self, variables: Mapping[str, object] | None) -> int:
        """The most values that an answer may have, weighted by what reading them costs."""
        return evaluate(self.cost_plan, {**self.defaults, **(variables or {})})


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDocument:
    """`is_open`: anybody may run it, with or without an access token. `hides_names`: no error suggests a name."""

    text: str
    ast: DocumentNode = field(repr=False)
    tokens: int
    is_open: bool
    hides_names: bool
    operations: tuple[PreparedOperation, ...]
