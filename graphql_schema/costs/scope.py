"""The context of a field for its cost: its arguments, and what it inherits from the fields above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, cast

from graphql import ListValueNode, ObjectValueNode, VariableNode, value_from_ast_untyped

from app.metrics.ranges import Preset
from graphql_schema.costs.expressions import Computed, Expression, Known, apply

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import FieldNode, ValueNode

__all__ = ["FieldUse", "Scope", "read_value"]

DEFAULT_DAYS = 7
_WEEK, _NOW, _ONE = Known(DEFAULT_DAYS), Known(0), Known(1)
NOTHING: Known[object] = Known(None)
_PRESET_DAYS: dict[str, int] = {
    Preset.TODAY: 1,
    Preset.YESTERDAY: 1,
    Preset.LAST_7_DAYS: 7,
    Preset.LAST_14_DAYS: 14,
    Preset.LAST_30_DAYS: 30,
    Preset.LAST_90_DAYS: 90,
    Preset.THIS_WEEK: 7,
    Preset.LAST_WEEK: 7,
    Preset.THIS_MONTH: 31,
    Preset.LAST_MONTH: 31,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Inherited values: `days` of the range, and `past`, which is 1 if numbers are as of an instant.

    `scan`: what it costs to go through everything that the list above matches, for a day of its range.
    `size`: how many items a list directly below has, as set by the field directly above it.
    """

    max_days: int
    days: Expression[int] = _WEEK
    past: Expression[int] = _NOW
    size: Expression[int] = _ONE
    scan: int = 0


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field of a document with the values of its arguments."""

    arguments: Mapping[str, Expression[object]]
    scope: Scope

    @classmethod
    def of(cls, node: FieldNode, above: Scope) -> FieldUse:
        """The use of a field within a scope; its own `range` and `asOf` apply to itself and below."""
        if not node.arguments:
            return cls({}, above)
        arguments = {item.name.value: _value(item.value) for item in node.arguments}
        scope = above
        if "range" in arguments:
            scope = replace(scope, days=apply(partial(_days, above.max_days), arguments["range"], above.days))
        if "asOf" in arguments:
            scope = replace(scope, past=apply(_is_past, arguments["asOf"], above.past))
        return cls(arguments, scope)

    def argument(self, *path: str) -> Expression[object]:
        """The value of an argument, or of a field in an input argument; None if it is not given."""
        name, *inner = path
        found = self.arguments.get(name, NOTHING)
        for part in inner:
            found = apply(partial(_member, part), found)
        return found


def _value(node: ValueNode) -> Expression[object]:
    """A literal's value is known; one with a variable in it is computed."""
    if not _has_variables(node):
        return Known(read_value(node))
    if isinstance(node, VariableNode):
        name = node.name.value
        return Computed(lambda variables: variables.get(name))
    return Computed(lambda variables: read_value(node, variables))


def read_value(node: ValueNode, variables: Mapping[str, object] | None = None) -> object:
    """The value of a literal as in JSON; True for a number too long for Python to read (4,300 digits)."""
    read: Callable[..., object] = value_from_ast_untyped
    try:
        return read(node, variables)
    except ValueError:
        return True


def _has_variables(node: ValueNode) -> bool:
    """Whether a variable stands anywhere in a literal."""
    to_do = [node]
    while to_do:
        value = to_do.pop()
        if isinstance(value, VariableNode):
            return True
        if isinstance(value, ListValueNode):
            to_do += value.values
        elif isinstance(value, ObjectValueNode):
            to_do += [field.value for field in value.fields]
    return False


def _member(name: str, value: object) -> object:
    return cast("Mapping[str, object]", value).get(name) if isinstance(value, Mapping) else None


def _is_past(instant: object, inherited: int) -> int:
    return 1 if instant is not None else inherited


def _days(most: int, value: object, inherited: int) -> int:
    """The most days that a DateRangeInput can have; the inherited days if it is invalid (reported later)."""
    preset, custom = _member("preset", value), _member("custom", value)
    if isinstance(preset, str):
        return min(_PRESET_DAYS.get(preset, most), most)
    if custom is None:
        return inherited
    try:
        first, last = (date.fromisoformat(str(_member(name, custom))) for name in ("from", "to"))
    except ValueError:
        return inherited
    return min(max((last - first).days + 1, 1), most)
