"""The eight counters of one insight row, each by itself: one that can't be read is not known, and the others are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.errors import MisshapenError
from app.metrics.counters import Counters
from app.metrics.definitions import MONEY_COLUMNS
from app.providers.meta.rows.actions import (
    ADD_TO_CART,
    INITIATE_CHECKOUT,
    PURCHASE,
    VIEW_CONTENT,
    action_count,
    action_micros,
    read_actions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.providers.meta.values.node import Node

# What no day of one entity has. Three thousand million people use the platform (its own reports): thirty ads shown to
# each of them, three clicks or purchases of each. In money, a hundred thousand million units: four million dollars in
# the smallest currencies that ads are paid in (VND, IDR). `plain_insights` reads fewer digits than these have.
MOST_SHOWN = 10**11
MOST_DONE = 10**10
MOST_MICROS = 10**17
_MOST: Mapping[str, int] = {
    **dict.fromkeys(Counters._fields, MOST_DONE),
    **dict.fromkeys(MONEY_COLUMNS, MOST_MICROS),
    "impressions": MOST_SHOWN,
}
# The field of a row that each counter is read from.
SOURCES: Mapping[str, str] = {
    "spend_micros": "spend",
    "impressions": "impressions",
    "link_clicks": "inline_link_clicks",
    **dict.fromkeys(("content_views", "add_to_cart", "checkout_initiated", "purchases"), "actions"),
    "purchase_value_micros": "action_values",
}
# The types of action that a counter is read from.
_CHOSEN = {
    "actions": frozenset({*VIEW_CONTENT, *ADD_TO_CART, *INITIATE_CHECKOUT, *PURCHASE}),
    "action_values": frozenset(PURCHASE),
}


class ReadCounters(NamedTuple):
    """`counters` has 0 for what is in `unknown`, which has names of its fields.

    `ambiguous`: fields of the row that list an action that counts more than once, with different values.
    """

    counters: Counters
    unknown: frozenset[str]
    ambiguous: Sequence[str]

    @property
    def negative(self) -> list[str]:
        """Names of counters; a platform that takes back what it counted may tell a day's this way."""
        return [name for name, number in self.counters._asdict().items() if number < 0]


def read_counters(row: Node) -> ReadCounters:
    """What is left out, or null, counts 0."""
    actions = read_actions(row, "actions")
    values = read_actions(row, "action_values")
    found = {
        "spend_micros": _read(lambda: row.micros("spend")),
        "impressions": _read(lambda: row.count("impressions")),
        "link_clicks": _read(lambda: row.count("inline_link_clicks")),
        "content_views": _read(lambda: action_count(actions, VIEW_CONTENT)),
        "add_to_cart": _read(lambda: action_count(actions, ADD_TO_CART)),
        "checkout_initiated": _read(lambda: action_count(actions, INITIATE_CHECKOUT)),
        "purchases": _read(lambda: action_count(actions, PURCHASE)),
        "purchase_value_micros": _read(lambda: action_micros(values, PURCHASE)),
    }
    believed = {name: number for name, number in found.items() if number is not None and abs(number) < _MOST[name]}
    return ReadCounters(
        Counters(**believed),
        frozenset(found.keys() - believed.keys()),
        [each.name for each in (actions, values) if not each.contradicted.isdisjoint(_CHOSEN[each.name])],
    )


def _read(read: Callable[[], int]) -> int | None:
    """None where it can't be read."""
    try:
        return read()
    except MisshapenError:
        return None
