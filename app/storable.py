"""Makes text storable: PostgreSQL refuses NUL and halves of surrogate pairs, and platforms send both."""

from __future__ import annotations

import re

__all__ = ["storable"]

_NUL = "\x00"
_REPLACEMENT = "\ufffd"
_lone_surrogates = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without NUL, and with U+FFFD for each half of a surrogate pair."""
    return _lone_surrogates.sub(_REPLACEMENT, text.replace(_NUL, ""))
