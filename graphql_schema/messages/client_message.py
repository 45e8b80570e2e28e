"""Cleans messages by graphql-core or Strawberry about a request, before a client sees them."""

from __future__ import annotations

from app.observability.shortening import presentable

__all__ = ["client_message"]

_PYTHON_TEXT_BEGINS = ", but encountered error '"
_PYTHON_TEXT_ENDS = "'; found: "


def client_message(sentence: str) -> str:
    """The sentence without Python's error text and without secrets, cut to the length of a message.

    It may quote the request, so it may be just as long.
    """
    return presentable(_without_python_text(sentence))


def _without_python_text(sentence: str) -> str:
    parts: list[str] = []
    place = 0
    while (begin := sentence.find(_PYTHON_TEXT_BEGINS, place)) >= 0:
        end = sentence.find(_PYTHON_TEXT_ENDS, begin + len(_PYTHON_TEXT_BEGINS))
        if end < 0:
            break
        parts += sentence[place:begin], ", found: "
        place = end + len(_PYTHON_TEXT_ENDS)
    return "".join([*parts, sentence[place:]])
