"""Ids as Meta sends them: text or JSON numbers, and what is no id at all."""

from __future__ import annotations

import re

# Characters of an id. No index of PostgreSQL holds one of thousands.
MOST_CHARACTERS = 100
_is_id = re.compile(r"[!-~]{1,100}", re.ASCII).fullmatch


def read_id(value: object) -> str | None:
    """The id as text, without space around it; None for null. Raises ValueError for what is empty or no single word."""
    if value is None:
        return None
    text = _text(value)
    if text is None or _is_id(text) is None:
        raise ValueError("an id is expected")
    return text


def is_account(value: object, external_id: str) -> bool:
    """Whether the value names this account; either may begin with `act_`."""
    text = _text(value)
    return text is not None and text.removeprefix("act_") == external_id.removeprefix("act_")


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else None
