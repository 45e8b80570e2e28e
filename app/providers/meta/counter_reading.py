"""The eight counters of one insight row, each by itself: one that can't be read is not known, and the others are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.errors import MisshapenError
from app.metrics.counters import Counters
from app.providers.meta.actions import (
    ADD_TO_CART,
    INITIATE_CHECKOUT,
    PURCHASE,
    VIEW_CONTENT,
    action_count,
    action_micros,
    read_actions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.providers.meta.node import Node

# A counter of one entity's day, in micros where it is money: a sum of ninety of them still fits into a bigint.
LARGEST_OF_A_DAY = 10**17
# The field of a row that each counter is read from.
SOURCES: Mapping[str, str] = {
    "spend_micros": "spend",
    "impressions": "impressions",
    "link_clicks": "inline_link_clicks",
    **dict.fromkeys(("content_views", "add_to_cart", "checkout_initiated", "purchases"), "actions"),
    "purchase_value_micros": "action_values",
}


class ReadCounters(NamedTuple):
    """`counters` has 0 for what is in `unknown`, which has names of its fields."""

    counters: Counters
    unknown: frozenset[str]


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
    unknown = frozenset(name for name, number in found.items() if number is None)
    return ReadCounters(Counters(**{name: number or 0 for name, number in found.items()}), unknown)


def _read(read: Callable[[], int]) -> int | None:
    """None where it can't be read, or is beyond what a day can have."""
    try:
        number = read()
    except MisshapenError:
        return None
    return number if abs(number) <= LARGEST_OF_A_DAY else None
