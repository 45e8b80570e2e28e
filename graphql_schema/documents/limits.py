"""Limits on a document and on the variables sent with it. `size` and `variable_limits` check them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.configuration.settings import Settings

__all__ = ["DocumentLimits", "VariableLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """The limits of a document.

    `depth`, `fields` and `pairs` are counted as execution sees them: with fragments expanded and fields of the same
    response name merged. `pairs` are pairs of fields with the same response name, which validation compares. `steps`
    limits the counting itself.
    """

    length: int = 20_000
    tokens: int = 2000
    operations: int = 20
    fragments: int = 50
    variables: int = 50
    directives: int = 50
    node_directives: int = 4
    aliases: int = 200
    root_fields: int = 20
    depth: int = 20
    fields: int = 1000
    pairs: int = 1000
    steps: int = 5000

    @classmethod
    def of(cls, settings: Settings) -> DocumentLimits:
        return cls(
            length=settings.max_document_length,
            tokens=settings.max_document_tokens,
            operations=settings.max_document_operations,
            fragments=settings.max_document_fragments,
            variables=settings.max_document_variables,
            directives=settings.max_document_directives,
            node_directives=settings.max_node_directives,
            aliases=settings.max_document_aliases,
            root_fields=settings.max_root_fields,
            depth=settings.max_document_depth,
            fields=settings.max_document_fields,
            pairs=settings.max_field_pairs,
            steps=settings.max_document_steps,
        )

    def shortened(self, *, length: int, tokens: int) -> DocumentLimits:
        """The same limits for shorter documents."""
        return replace(self, length=min(self.length, length), tokens=min(self.tokens, tokens))


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableLimits:
    """`values` counts every value of the JSON, at any depth; `length` is characters of one string."""

    depth: int = 12
    values: int = 5000
    length: int = 10_000

    @classmethod
    def of(cls, settings: Settings) -> VariableLimits:
        return cls(
            depth=settings.max_variables_depth,
            values=settings.max_variable_values,
            length=settings.max_variable_length,
        )
