"""One JSON object of Meta's, read field by field: either a field has a shape that can be read, or it is named.

A shape that can't be read is a MisshapenError. Who can do without the field notes it and goes on; otherwise it is as
passing as its base says: it costs the job its attempts, and not the seller the connection.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from app.errors import MisshapenError
from app.metrics.money import micros_from_decimal
from app.providers.meta.values.ids import read_id
from app.providers.meta.values.instants import read_instant
from app.providers.meta.values.numbers import NotANumberError, find_whole, number_text, read_number, read_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal


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
        """Text; of a JSON integer its digits."""
        value = self.fields.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self.misshapen(name, "is not text")

    def identifier(self, name: str) -> str:
        found = self.optional_identifier(name)
        if found is None:
            raise self.misshapen(name, "is missing")
        return found

    def optional_identifier(self, name: str) -> str | None:
        """An id, which may be a JSON number; None where it is left out."""
        try:
            return read_id(self.fields.get(name))
        except ValueError:
            raise self.misshapen(name, "is not an id") from None

    def flag(self, name: str) -> bool:
        return self.fields.get(name) is True

    def integer(self, name: str) -> int | None:
        """A whole number in any form, which may be negative, as in error codes; None where there is none."""
        return find_whole(self.fields.get(name))

    def count(self, name: str) -> int:
        """A count; what is left out is 0. A fraction (modelled conversions) is rounded half up."""
        try:
            return read_whole(self.fields.get(name)) or 0
        except NotANumberError:
            raise self.misshapen(name, "is not a count") from None

    def micros(self, name: str) -> int:
        """An amount in currency units; what is left out is 0."""
        try:
            number = read_number(self.fields.get(name))
            return 0 if number is None else micros_from_decimal(number)
        except ValueError:
            raise self.misshapen(name, "is not an amount") from None

    def number(self, name: str) -> Decimal | None:
        """A number in any form, exact; None where it is left out."""
        try:
            return read_number(self.fields.get(name))
        except NotANumberError:
            raise self.misshapen(name, "is not a number") from None

    def ratio_text(self, name: str) -> str | None:
        """A ratio as Meta computed it, kept as text and never computed with."""
        try:
            return number_text(self.fields.get(name))
        except NotANumberError:
            raise self.misshapen(name, "is not a decimal number") from None

    def day(self, name: str) -> date:
        try:
            return parse_date(self.text(name))
        except ValueError:
            raise self.misshapen(name, "is not a date") from None

    def moment(self, name: str) -> datetime | None:
        """An instant in UTC; None where it is left out or means "none"."""
        try:
            return read_instant(self.fields.get(name))
        except ValueError:
            raise self.misshapen(name, "is not an instant") from None

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

    def misshapen(self, name: str, complaint: str) -> MisshapenError:
        return MisshapenError(f"Meta's answer can't be read: {self.what}.{name} {complaint}")

    def _item(self, name: str, item: object) -> Node:
        if not isinstance(item, dict):
            raise self.misshapen(name, "has an item that is no object")
        return Node(cast("dict[str, object]", item), f"{self.what}.{name}")


@lru_cache(maxsize=1024)  # a page names few days, many times each
def parse_date(text: str) -> date:
    """The day as it is written, with or without a time of that day. Raises ValueError."""
    return datetime.fromisoformat(text.strip()).date()


def as_node(value: object, what: str) -> Node:
    if not isinstance(value, dict):
        raise MisshapenError(f"Meta's answer can't be read: {what} is not an object")
    return Node(cast("dict[str, object]", value), what)
