"""Limits the variables of a request before they are coerced."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from graphql_schema.errors import variables_too_large

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql_schema.documents.limits import VariableLimits

__all__ = ["check_variables"]


def check_variables(variables: Mapping[str, object], limits: VariableLimits) -> None:
    """Raises a BAD_USER_INPUT error for too many values, values nested too deeply, or too long ones.

    Visits no more values than the limit allows, and stops at the first violation.
    """
    level: list[object] = list(variables.values())
    seen = depth = 0
    while level:
        depth += 1
        seen += len(level)
        if seen > limits.values:
            raise variables_too_large("values", limits.values)
        if depth > limits.depth:
            raise variables_too_large("levels", limits.depth)
        level = _next_level(level, limits, room=limits.values - seen)


def _next_level(level: list[object], limits: VariableLimits, *, room: int) -> list[object]:
    """The values in the lists and objects of a level; raises before opening one with too many values."""
    inner: list[object] = []
    for value in level:
        if isinstance(value, str):
            if len(value) > limits.length:
                raise variables_too_large("characters in one string", limits.length)
        elif isinstance(value, list | dict):
            held = cast("list[object] | dict[str, object]", value)
            if len(inner) + len(held) > room:
                raise variables_too_large("values", limits.values)
            inner.extend(held.values() if isinstance(held, dict) else held)
    return inner
