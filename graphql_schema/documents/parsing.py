"""Parses documents as graphql-core's `parse` does, with pauses between tokens, and keeps no token.

graphql-core's tokens refer to each other in both directions: with them a document would be half as large again, and
would wait for a full garbage collection when nothing needs it any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import Location, Token, TokenKind
from graphql.language.parser import Parser, nested_too_deeply_error

from app.event_loop.pauses import Pauses

if TYPE_CHECKING:
    from graphql import DocumentNode

__all__ = ["parse"]

# Tokens read between two pauses: a millisecond.
TOKENS_AT_ONCE = 200
_NO_TOKEN = Token(TokenKind.SOF, 0, 0, 0, 0)


def parse(text: str, *, max_lexical_tokens: int, max_comments: int) -> DocumentNode:
    """Raises GraphQLSyntaxError, also for a text with more tokens or comments."""
    parser = _PausingParser(text, max_lexical_tokens=max_lexical_tokens, max_comments=max_comments)
    try:
        return parser.parse_document()
    except RecursionError:
        pass
    raise nested_too_deeply_error(parser)  # outside the block, so that it keeps none of the frames


class _PausingParser(Parser):
    def __init__(self, text: str, *, max_lexical_tokens: int, max_comments: int) -> None:
        super().__init__(text, max_lexical_tokens=max_lexical_tokens, max_comments=max_comments)
        self._pauses = Pauses(TOKENS_AT_ONCE)

    def advance_lexer(self) -> None:
        super().advance_lexer()
        self._lexer.last_token.prev = None
        self._pauses.step()

    def loc(self, start_token: Token) -> Location | None:
        made = super().loc(start_token)
        if made is not None:
            made.start_token = made.end_token = _NO_TOKEN
        return made
