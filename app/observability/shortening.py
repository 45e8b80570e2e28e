"""Shortens text before anything else is done with it, since outsiders may send text of any length."""

from __future__ import annotations

from app.observability.masking import CUT, mask_secrets

__all__ = ["MESSAGE_CHARACTERS", "NAME_CHARACTERS", "presentable", "shorten"]

# Characters of a sentence for people: an error message, the reason for a failure.
MESSAGE_CHARACTERS = 1_000
# Characters of a name or a path.
NAME_CHARACTERS = 200


def shorten(text: str, limit: int) -> str:
    """The text, cut to `limit` characters with a note of how much was cut if it is longer."""
    if len(text) <= limit:
        return text
    kept = limit - len(_note(len(text)))
    return f"{text[:kept]}{_note(len(text) - kept)}"


def presentable(text: str, limit: int = MESSAGE_CHARACTERS) -> str:
    """The text within the limit and without secrets, including a secret that the limit cuts in two."""
    return shorten(mask_secrets(shorten(text, limit)), limit)


def _note(characters: int) -> str:
    return f"{CUT} ({characters} characters cut)"
