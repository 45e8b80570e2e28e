"""Insight rows in the one shape that Meta sends nearly always, read without detours: text, digits, lists of actions.

A shortcut of `parse_insights` and nothing of its own: whatever has any other shape is left to it, which reads it field
by field or says what is wrong with it. Both give the same row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from app.metrics.money import MICRO_DIGITS, MICROS_PER_UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MAX_DIGITS = 12  # fewer than any limit of the careful way
_NO_NUMBER = False
_ZEROS = "0" * MICRO_DIGITS


def plain_count(value: object) -> int | None:
    """A count written in digits only."""
    if type(value) is str and value.isdecimal() and value.isascii() and len(value) <= _MAX_DIGITS:
        return int(value)
    return 0 if value is None else None


def plain_micros(value: object) -> int | None:
    """An amount with at most six decimals."""
    if value is None:
        return 0
    if type(value) is not str or not value.isascii():
        return None
    whole, _, fraction = value.partition(".")
    if not whole.isdecimal() or len(whole) > _MAX_DIGITS:
        return None
    if not fraction:
        return int(whole) * MICROS_PER_UNIT if value == whole else None
    if not fraction.isdecimal() or len(fraction) > MICRO_DIGITS:
        return None
    return int(whole) * MICROS_PER_UNIT + int((fraction + _ZEROS)[:MICRO_DIGITS])


def plain_actions(value: Any) -> Mapping[str, object] | None:
    """Values by action type."""
    if value is None:
        return {}
    if type(value) is not list:
        return None
    entries = cast("list[Any]", value)
    try:
        found: dict[str, object] = {entry["action_type"]: entry["value"] for entry in entries}
        "".join(found)  # every type is text
    except (KeyError, TypeError):
        return None
    return found


def first_present(values: Mapping[str, object], priority: Sequence[str]) -> object:
    """The value under the first type that is present; None of none, and no number of one without a value."""
    for kind in priority:
        if kind in values:
            value = values[kind]
            return _NO_NUMBER if value is None else value
    return None
