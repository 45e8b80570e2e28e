"""One JSON object of Meta's, read field by field: either a field has the shape that is documented, or it is named.

A shape that nobody documented is a ProviderTransientError: it costs the job its attempts, and not the seller the
connection. JSON fractions are read as Decimal, so no amount passes through a float.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from app.errors import ProviderTransientError
from app.metrics.money import micros_from_decimal
from app.metrics.rounding import half_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COUNT = re.compile(r"\d{1,18}(?:\.\d{1,30})?", re.ASCII)
_RATIO = re.compile(r"\d{1,30}(?:\.\d{1,30})?", re.ASCII)


class Node(NamedTuple):
    """`what` names the object in messages, such as `campaigns` or `insights`."""

    fields: Mapping[str, object]
    what: str

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if value is None:
            raise self.misshapen(name, "is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        value = self.fields.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self.misshapen(name, "is not text")

    def flag(self, name: str) -> bool:
        return self.fields.get(name) is True

    def integer(self, name: str) -> int | None:
        """A JSON integer, which may be negative, as in error codes; None where there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def count(self, name: str) -> int:
        """A count, sent as text; what is left out is 0. A fraction (modelled conversions) is rounded half up."""
        value = self.fields.get(name)
        if value is None:
            return 0
        text = _number_text(value)
        if text is None or _COUNT.fullmatch(text) is None:
            raise self.misshapen(name, "is not a count")
        return half_up(*Decimal(text).as_integer_ratio())

    def micros(self, name: str) -> int:
        """An amount in currency units, sent as decimal text; what is left out is 0."""
        value = self.fields.get(name)
        if value is None:
            return 0
        if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
            raise self.misshapen(name, "is not an amount")
        try:
            return micros_from_decimal(value)
        except ValueError:
            raise self.misshapen(name, "is not an amount") from None

    def ratio_text(self, name: str) -> str | None:
        """A ratio as Meta computed it, kept as text and never computed with."""
        value = self.fields.get(name)
        if value is None:
            return None
        text = value if type(value) is str else _number_text(value)
        if text is None or _RATIO.fullmatch(text) is None:
            raise self.misshapen(name, "is not a decimal number")
        return text

    def day(self, name: str) -> date:
        try:
            return parse_date(self.text(name))
        except ValueError:
            raise self.misshapen(name, "is not a date") from None

    def moment(self, name: str) -> datetime | None:
        """An instant in UTC, from `2026-03-01T00:00:00+0700`; the epoch is Meta's way to write "none" (from memory)."""
        text = self.optional_text(name)
        if not text:
            return None
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise self.misshapen(name, "is not an instant") from None
        if instant.tzinfo is None:
            raise self.misshapen(name, "has no offset")
        return instant.astimezone(UTC) if instant.timestamp() else None

    def child(self, name: str) -> Node | None:
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.misshapen(name, "is not an object")
        return Node(cast("dict[str, object]", value), f"{self.what}.{name}")

    def items(self, name: str) -> Sequence[object]:
        """A list as it is; an absent list is an empty one."""
        value = self.fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.misshapen(name, "is not a list")
        return cast("list[object]", value)

    def children(self, name: str) -> Sequence[Node]:
        """The objects of a list; an absent list is an empty one."""
        return [self._item(name, item) for item in self.items(name)]

    def misshapen(self, name: str, complaint: str) -> ProviderTransientError:
        return ProviderTransientError(f"Meta's answer can't be read: {self.what}.{name} {complaint}")

    def _item(self, name: str, item: object) -> Node:
        if not isinstance(item, dict):
            raise self.misshapen(name, "has an item that is no object")
        return Node(cast("dict[str, object]", item), f"{self.what}.{name}")


parse_date = lru_cache(maxsize=1024)(date.fromisoformat)  # a page names few days, many times each


def parse_json(text: str | bytes, what: str) -> object:
    """The JSON value. Raises ProviderTransientError where it is none (an answer cut off, a proxy's page)."""
    try:
        return cast("object", json.loads(text, parse_float=Decimal))
    except (ValueError, RecursionError):
        raise ProviderTransientError(f"Meta's answer can't be read: {what} is not JSON") from None


def as_node(value: object, what: str) -> Node:
    if not isinstance(value, dict):
        raise ProviderTransientError(f"Meta's answer can't be read: {what} is not an object")
    return Node(cast("dict[str, object]", value), what)


def plain_json(value: object) -> object:
    """The value with ordinary numbers, for parts that are stored as they came and never computed with."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain_json(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [plain_json(item) for item in cast("list[object]", value)]
    return value


def _number_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return None
