"""Keeps text within a length before anything else is done with it: strangers decide how long theirs is."""

from __future__ import annotations

from app.observability.masking import CUT, mask_secrets

__all__ = ["MESSAGE_CHARACTERS", "NAME_CHARACTERS", "presentable", "shorten"]

# Characters of a sentence that people read: an error message, the reason of a failure.
MESSAGE_CHARACTERS = 1_000
# Characters of a name or a path.
NAME_CHARACTERS = 200


def shorten(text: str, limit: int) -> str:
    """The text if it has at most `limit` characters, otherwise its beginning and how much is cut, in `limit`."""
    if len(text) <= limit:
        return text
    kept = limit - len(_note(len(text)))
    return f"{text[:kept]}{_note(len(text) - kept)}"


def presentable(text: str, limit: int = MESSAGE_CHARACTERS) -> str:
    """The text within the limit and without secrets, a secret that the limit cuts through included."""
    return shorten(mask_secrets(shorten(text, limit)), limit)


def _note(characters: int) -> str:
    return f"{CUT} ({characters} characters cut)"
