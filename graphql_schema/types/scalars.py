"""The custom scalars: exact money, 64-bit counts, days and instants. Input is checked strictly; output never rounds.

`SCALARS` goes into `StrawberryConfig(scalar_map=...)`. A wrong value from a client raises GraphQLError with a sentence
of ours; a wrong value from a resolver raises an ordinary exception, which is a fault.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NewType

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, print_ast
from strawberry.exceptions import StrawberryInputCoercionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import ValueNode
    from strawberry.types.scalar import ScalarDefinition

__all__ = ["SCALARS", "BigInt"]

BigInt = NewType("BigInt", int)

BIG_INT_MIN = -(2**63)
BIG_INT_MAX = 2**63 - 1
_SHOWN_CHARACTERS = 40
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)


def _refusal(scalar: str, expectation: str, shown: str) -> GraphQLError:
    cut = shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}…"
    return StrawberryInputCoercionError(f"{scalar} must be {expectation}, found {cut}.")


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[: _SHOWN_CHARACTERS + 1]}"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, int | float) else "a list or an object"


def _parse_decimal(value: object) -> Decimal:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool) and _DECIMAL.fullmatch(str(value)):
        return Decimal(value)
    raise _refusal(
        "Decimal",
        'a decimal number in a string, such as "12.50", with at most 20 digits on each side of the point',
        _shown(value),
    )


def _serialize_decimal(value: object) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"Decimal can't serialize {type(value).__name__}")
    return format(value, "f")


def _parse_big_int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and BIG_INT_MIN <= value <= BIG_INT_MAX:
        return value
    raise _refusal("BigInt", "an integer of at most 64 bits", _shown(value))


def _serialize_big_int(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not BIG_INT_MIN <= value <= BIG_INT_MAX:
        raise TypeError(f"BigInt can't serialize this {type(value).__name__}")
    return value


def _parse_date(value: object) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _refusal("Date", 'a day of the calendar as "YYYY-MM-DD"', _shown(value))


def _serialize_date(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"Date can't serialize {type(value).__name__}")
    return value.isoformat()


def _parse_date_time(value: object) -> datetime:
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _refusal("DateTime", 'an instant with its offset, such as "2026-03-01T12:00:00Z"', _shown(value))


def _serialize_date_time(value: object) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("DateTime can't serialize a value without a zone")
    return value.astimezone(UTC).isoformat()


def _literal_of(node: ValueNode) -> object:
    """The value that a literal stands for; numbers with a point stay text, so that no float comes between."""
    if isinstance(node, IntValueNode):
        return int(node.value) if len(node.value) <= _SHOWN_CHARACTERS else node.value
    if isinstance(node, FloatValueNode | StringValueNode):
        return node.value
    return None


def _literal_parser(
    parse_value: Callable[[Any], object],
    *accepted: type[ValueNode],
) -> Callable[[ValueNode, Mapping[str, Any] | None], object]:
    def parse(node: ValueNode, _variables: Mapping[str, Any] | None = None) -> object:
        try:
            return parse_value(_literal_of(node) if isinstance(node, accepted) else None)
        except GraphQLError as error:
            expectation = error.message.rpartition(", found ")[0]
            shown = print_ast(node)
            cut = shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}…"
            raise StrawberryInputCoercionError(f"{expectation}, found {cut}.", nodes=[node]) from None

    return parse


_DECIMAL_SCALAR = strawberry.scalar(
    name="Decimal",
    description=(
        'An exact decimal number, as a string: money has the digits of its currency ("12.50"). Input is a string or an '
        "integer; a JSON float is rejected, because it is not exact."
    ),
    serialize=_serialize_decimal,
    parse_value=_parse_decimal,
    parse_literal=_literal_parser(_parse_decimal, IntValueNode, FloatValueNode, StringValueNode),
)
_BIG_INT_SCALAR = strawberry.scalar(
    name="BigInt",
    description="A signed 64-bit integer, as a JSON number, for counts such as impressions, which outgrow Int.",
    serialize=_serialize_big_int,
    parse_value=_parse_big_int,
    parse_literal=_literal_parser(_parse_big_int, IntValueNode),
)
_DATE_SCALAR = strawberry.scalar(
    name="Date",
    description="A calendar day as YYYY-MM-DD, in the time zone that the field names.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    serialize=_serialize_date,
    parse_value=_parse_date,
    parse_literal=_literal_parser(_parse_date, StringValueNode),
)
_DATE_TIME_SCALAR = strawberry.scalar(
    name="DateTime",
    description="An instant, in UTC with its offset (2026-03-01T12:00:00+00:00). Input may name any offset.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    serialize=_serialize_date_time,
    parse_value=_parse_date_time,
    parse_literal=_literal_parser(_parse_date_time, StringValueNode),
)

SCALARS: dict[object, ScalarDefinition] = {
    Decimal: _DECIMAL_SCALAR,
    BigInt: _BIG_INT_SCALAR,
    date: _DATE_SCALAR,
    datetime: _DATE_TIME_SCALAR,
}
