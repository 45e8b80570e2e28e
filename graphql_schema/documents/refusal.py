"""Refusals of documents, cached so that the same document is not read again only to be refused again.

A cached refusal holds nothing of a caller: its errors follow from the text, the operation's name and the kinds allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from graphql import GraphQLError

from graphql_schema.documents.cache import DocumentCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import DocumentNode
    from strawberry.types.graphql import OperationType

__all__ = ["DocumentRefusedError", "DocumentRequest", "Refusals"]

REFUSALS_KEPT, CHARACTERS_KEPT = 100, 200_000


class DocumentRefusedError(Exception):
    """The document can't run; `errors` are for the client. `tokens`: the price of reading it.

    The errors refer to nodes of `document`, if it is known.
    """

    def __init__(
        self, errors: Sequence[GraphQLError], *, tokens: int = 0, document: DocumentNode | None = None
    ) -> None:
        super().__init__(errors[0].message)
        self.errors = list(errors)
        self.tokens = tokens
        self.document = document


class DocumentRequest(NamedTuple):
    """A text, the name of the operation to run, the kinds allowed, and whether no valid token was sent."""

    text: str
    name: str | None
    kinds: frozenset[OperationType]
    anonymous: bool


class Refusals:
    """A process's refusals of documents that are no longer than `longest` characters."""

    def __init__(self, *, longest: int) -> None:
        self._longest = longest
        self._kept = DocumentCache[DocumentRequest, DocumentRefusedError](documents=REFUSALS_KEPT, size=CHARACTERS_KEPT)

    def find(self, request: DocumentRequest) -> DocumentRefusedError | None:
        """A refusal of the same request, to be raised."""
        found = self._kept.find(request)
        return None if found is None else DocumentRefusedError(found.errors, tokens=found.tokens)

    def keep(self, request: DocumentRequest, refusal: DocumentRefusedError) -> None:
        if len(request.text) <= self._longest:
            kept = DocumentRefusedError([_without_nodes(error) for error in refusal.errors], tokens=refusal.tokens)
            self._kept.keep(request, kept, size=len(request.text))


def _without_nodes(error: GraphQLError) -> GraphQLError:
    """The same to a client; nodes refer to the whole document."""
    copy = GraphQLError(error.message, extensions=error.extensions)
    copy.locations = error.locations
    return copy
