"""One canonical action type per meaning.

Meta reports the same sale as `purchase`, `omni_purchase`, `offsite_conversion.fb_pixel_purchase` and more; adding
them up doubles it. The `omni_` types are the superset over web, app and shop without double counting. The choice
falls per row and by absence: a preferred type that is there with 0 is still the one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.meta.node import Node

PURCHASE = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
ADD_TO_CART = ("omni_add_to_cart", "add_to_cart", "offsite_conversion.fb_pixel_add_to_cart")
# The first is spelled with a d, the others are not.
INITIATE_CHECKOUT = (
    "omni_initiated_checkout",
    "initiate_checkout",
    "offsite_conversion.fb_pixel_initiate_checkout",
)
VIEW_CONTENT = ("omni_view_content", "view_content", "offsite_conversion.fb_pixel_view_content")


def by_action_type(entries: Sequence[Node]) -> Mapping[str, Node]:
    """The entries of a row's `actions` or `action_values` that have a value under the default attribution."""
    return {entry.text("action_type"): entry for entry in entries if entry.fields.get("value") is not None}


def action_count(actions: Mapping[str, Node], priority: Sequence[str]) -> int:
    """The count under the first type that is present, else 0."""
    chosen = _first_present(actions, priority)
    return chosen.count("value") if chosen else 0


def action_micros(values: Mapping[str, Node], priority: Sequence[str]) -> int:
    """The amount under the first type that is present, in micros, else 0."""
    chosen = _first_present(values, priority)
    return chosen.micros("value") if chosen else 0


def _first_present(entries: Mapping[str, Node], priority: Sequence[str]) -> Node | None:
    return next((entries[action_type] for action_type in priority if action_type in entries), None)
