"""Parts of answers that are stored as they came and never computed with, in a form that a jsonb column can hold."""

from __future__ import annotations

from decimal import Decimal
from math import isinf
from typing import cast

# Levels of lists and objects that are kept. Nothing of Meta's documentation has ten.
DEEPEST = 32
_LARGEST_WHOLE = 2**63 - 1


def stored_json(value: object, *, depth: int = 0) -> object:
    """The value with ordinary numbers; text for a number of no ordinary size. Raises ValueError if it is too deep."""
    if depth > DEEPEST:
        raise ValueError(f"it has more than {DEEPEST} levels")
    if isinstance(value, dict):
        return {key: stored_json(item, depth=depth + 1) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [stored_json(item, depth=depth + 1) for item in cast("list[object]", value)]
    if isinstance(value, Decimal):
        return str(value) if isinf(float(value)) else float(value)
    if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
        return str(value)
    return value
