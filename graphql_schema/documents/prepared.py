"""A document that was parsed, measured, validated and priced: immutable values that belong to no caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphql_schema.costs.expressions import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, OperationDefinitionNode
    from strawberry.types.graphql import OperationType

    from graphql_schema.costs.expressions import Expression

__all__ = ["PreparedDocument", "PreparedOperation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedOperation:
    """`cost_plan` depends only on the variables; `defaults` are their defaults in the document, as JSON values."""

    name: str | None
    kind: OperationType
    node: OperationDefinitionNode = field(repr=False)
    cost_plan: Expression[int] = field(repr=False)
    defaults: Mapping[str, object] = field(repr=False)

    def cost(self, variables: Mapping[str, object] | None) -> int:
        """The most values that the answer may contain, weighted by the cost of reading them."""
        return evaluate(self.cost_plan, {**self.defaults, **(variables or {})})


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDocument:
    """`is_open`: it runs without an access token. `hides_names`: errors suggest no names."""

    text: str
    ast: DocumentNode = field(repr=False)
    tokens: int
    is_open: bool
    hides_names: bool
    operations: tuple[PreparedOperation, ...]
