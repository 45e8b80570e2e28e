"""Ids as Meta sends them: text or JSON numbers, and what is no id at all."""

from __future__ import annotations

import re

# Characters of an id. No index of PostgreSQL holds one of thousands.
MOST_CHARACTERS = 100
_is_id = re.compile(r"[!-~]{1,100}", re.ASCII).fullmatch


def read_id(value: object) -> str | None:
    """The id as text; None for null. Raises ValueError for what is empty, too long or has a space in it."""
    if value is None:
        return None
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or _is_id(text) is None:
        raise ValueError("an id is expected")
    return text


def is_account(value: object, external_id: str) -> bool:
    """Whether the value names this account; either may begin with `act_`."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return isinstance(text, str) and text.removeprefix("act_") == external_id.removeprefix("act_")
