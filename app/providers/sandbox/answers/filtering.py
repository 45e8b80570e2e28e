"""The `filtering` parameter: `[{"field","operator","value"}]`, all of which must hold.

Values are compared as numbers where both sides are numbers, as text otherwise; times as Unix seconds, which is what
clients send for `updated_time`. A field may carry the level it speaks of (`ad.effective_status`); without one it is
the listed entity's own.
"""

from __future__ import annotations

import operator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple, cast

from app.providers.sandbox.answers.node_fields import find_value
from app.providers.sandbox.errors import bad_parameter
from app.providers.sandbox.world.dataset import LEVELS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.providers.sandbox.answers.live_account import LiveAccount
    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.world.dataset import Entity

_STATUS_FIELDS = frozenset({"effective_status", "configured_status", "status"})
_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}
_SET_OPERATORS = frozenset({"EQUAL", "NOT_EQUAL", "IN", "NOT_IN", "CONTAIN", "NOT_CONTAIN"})


class Condition(NamedTuple):
    """`level` is the prefix of the field, None where it had none."""

    level: Kind | None
    name: str
    operator: str
    values: tuple[str, ...]

    @property
    def field(self) -> str:
        """As the call named it."""
        return self.name if self.level is None else f"{self.level}.{self.name}"

    @property
    def on_status(self) -> bool:
        return self.name in _STATUS_FIELDS

    def holds(self, value: object | None) -> bool:
        """Whether a field's value satisfies it; an empty field satisfies only the negative operators."""
        negative = self.operator.startswith("NOT_")
        if value is None:
            return negative
        text = str(value)
        if self.operator in {"CONTAIN", "NOT_CONTAIN"}:
            return any(each.casefold() in text.casefold() for each in self.values) is not negative
        if self.operator in _COMPARISONS:
            left, right = _number(text), _number(self.values[0])
            return left is not None and right is not None and _COMPARISONS[self.operator](left, right)
        return any(_same(text, each) for each in self.values) is not negative


def parse_conditions(call: GraphCall, is_filterable: Callable[[Condition], bool]) -> tuple[Condition, ...]:
    """The conditions of a call, none where it has no `filtering`; raises GraphError for a field that has no filter."""
    document = call.find_json("filtering")
    if document is None:
        return ()
    if not isinstance(document, list):
        raise bad_parameter("Param filtering must be an array")
    conditions = tuple(_condition(each) for each in cast("list[object]", document))
    for condition in conditions:
        if not is_filterable(condition):
            raise bad_parameter(f"Filtering field {condition.field} is invalid")
    return conditions


def parse_statuses(call: GraphCall) -> frozenset[str] | None:
    """The `effective_status=[...]` of an edge, None where absent."""
    document = call.find_json("effective_status")
    if document is None:
        return None
    if not isinstance(document, list):
        raise bad_parameter("Param effective_status must be an array")
    return frozenset(str(each) for each in cast("list[object]", document))


def entity_matches(live: LiveAccount, entity: Entity, conditions: Sequence[Condition]) -> bool:
    """Whether all conditions hold for an entity, those with another level's prefix for its parent of that level."""
    return all(_entity_holds(live, entity, each) for each in conditions)


def _entity_holds(live: LiveAccount, entity: Entity, condition: Condition) -> bool:
    level = condition.level or entity.kind
    found = next((each for each in live.lineage(entity.id) if each.kind is level), None)
    if found is None:
        raise bad_parameter(f"Filtering field {level}.{condition.name} with value is not supported here")
    return condition.holds(find_value(live, found, condition.name))


def _condition(document: object) -> Condition:
    if not isinstance(document, dict):
        raise bad_parameter("Param filtering[0] must be an object")
    item = cast("dict[str, object]", document)
    field, name, value = (str(item.get("field", "")), str(item.get("operator", "")).upper(), item.get("value"))
    if name not in _SET_OPERATORS and name not in _COMPARISONS:
        raise bad_parameter(f"Param filtering operator {name or '(none)'} is not supported")
    level, dot, rest = field.rpartition(".")
    if not rest or (dot and level not in LEVELS):
        raise bad_parameter(f"Filtering field {field or '(none)'} is invalid")
    values = tuple(str(each) for each in cast("list[object]", value)) if isinstance(value, list) else (str(value),)
    if value is None or (name in _COMPARISONS and len(values) != 1):
        raise bad_parameter(f"Filtering field {field} needs a value")
    return Condition(Kind(level) if dot else None, rest, name, values)


def _same(left: str, right: str) -> bool:
    if left == right:
        return True
    first, second = _number(left), _number(right)
    return first is not None and first == second


def _number(text: str) -> Decimal | None:
    """A number, or a time as Unix seconds."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _unix_seconds(text)
    return number if number.is_finite() else None


def _unix_seconds(text: str) -> Decimal | None:
    try:
        return Decimal(int(datetime.fromisoformat(text).timestamp()))
    except (ValueError, OverflowError):
        return None
