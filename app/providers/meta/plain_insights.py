"""Insight rows in the one shape that Meta sends nearly always, read without detours: text, digits, lists of actions.

A shortcut of `parse_insights` and nothing of its own: whatever has any other shape is left to it, which reads it field
by field or says what is wrong with it. Both give the same row. It is denser than the rest because every ad passes
through it for every day of every fetch: its cost is that of a sync.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from app.metrics.counters import Counters
from app.metrics.money import MICRO_DIGITS
from app.providers.contract import InsightRow
from app.providers.meta.actions import ADD_TO_CART, INITIATE_CHECKOUT, PURCHASE, VIEW_CONTENT
from app.providers.meta.node import parse_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RATIOS = ("cpm", "ctr", "cpc")

_MAX_DIGITS = 12  # fewer than any limit of the careful way
_NO_NUMBER = False
_SCALES = {decimals: 10 ** (MICRO_DIGITS - decimals) for decimals in range(MICRO_DIGITS + 1)}
_find_ratio = re.compile(r"\d{1,30}(?:\.\d{1,30})?", re.ASCII).fullmatch


class _UnusualError(ValueError):
    """Not the usual shape."""


class _Counts(dict[object, int]):
    """Counts by their text, each read once: written in digits only. What is left out is 0."""

    def __init__(self) -> None:
        super().__init__({None: 0})

    def __missing__(self, value: object) -> int:
        if type(value) is str and value.isdecimal() and value.isascii() and len(value) <= _MAX_DIGITS:
            count = self[value] = int(value)
            return count
        raise _UnusualError


def plain_micros(value: object) -> int:
    """An amount with at most six decimals: its digits, and as many zeros as are missing."""
    if value is None:
        return 0
    if type(value) is not str:
        raise _UnusualError
    whole, _, fraction = value.partition(".")
    digits = whole + fraction
    if digits.isdecimal() and digits.isascii() and len(digits) <= _MAX_DIGITS:
        return int(digits) * _SCALES[len(fraction)]
    raise _UnusualError


def first_present(values: Mapping[str, object], priority: Sequence[str]) -> object:
    """The value under the first type that is present; None of none, and no number of one without a value."""
    for kind in priority:
        if kind in values:
            value = values[kind]
            return _NO_NUMBER if value is None else value
    return None


class PlainInsights:
    """The rows of one page. `fields` names the entity's id and name, and the same of its campaign and ad set if any."""

    def __init__(self, fields: Sequence[str], *, external_id: str | None = None) -> None:
        """`external_id` stands in for the one in the row."""
        self._lineage = cast("Callable[[object], tuple[str, ...]]", itemgetter(*fields))
        self._external_id = external_id
        self._counts = _Counts()
        self._action_types: set[str] = set()

    def read(self, row: object) -> InsightRow | None:
        """None of a row in any other shape."""
        if type(row) is not dict:
            return None
        try:
            return self._read(cast("dict[str, Any]", row))
        except (KeyError, TypeError, ValueError):
            return None

    def _read(self, row: dict[str, Any]) -> InsightRow:
        day = row["date_start"]
        attribution = row.get("attribution_setting")
        if row["date_stop"] != day or not (attribution is None or type(attribution) is str):
            raise _UnusualError
        lineage = self._lineage(row)
        "".join(lineage)  # all of it is text
        return InsightRow(
            self._external_id or lineage[0],
            parse_date(day),
            self.counters(row),
            plain_ratios(row),
            attribution,
            *lineage[1:],
        )

    def counters(self, row: Mapping[str, Any]) -> Counters:
        """Raises KeyError, TypeError or ValueError where any of it is unusual."""
        counts = self._counts
        actions = self._actions(row.get("actions"))
        values = self._actions(row.get("action_values"))
        return Counters(
            plain_micros(row.get("spend")),
            counts[row.get("impressions")],
            counts[row.get("inline_link_clicks")],
            counts[first_present(actions, VIEW_CONTENT)],
            counts[first_present(actions, ADD_TO_CART)],
            counts[first_present(actions, INITIATE_CHECKOUT)],
            counts[first_present(actions, PURCHASE)],
            plain_micros(first_present(values, PURCHASE)),
        )

    def _actions(self, value: object) -> Mapping[str, object]:
        """Values by action type."""
        if value is None:
            return {}
        if type(value) is not list:
            raise _UnusualError
        entries = cast("list[Any]", value)
        found: dict[str, object] = {entry["action_type"]: entry["value"] for entry in entries}
        if not self._action_types.issuperset(found):
            "".join(found)  # every type is text
            self._action_types.update(found)
        return found


def plain_ratios(row: Mapping[str, Any]) -> dict[str, str]:
    """The platform's own ratios, as they stand."""
    found: dict[str, str] = {}
    for name in RATIOS:
        text = row.get(name)
        if text is not None:
            if _find_ratio(text) is None:
                raise _UnusualError
            found[name] = text
    return found
