"""One canonical action type per meaning.

Meta reports the same sale as `purchase`, `omni_purchase`, `offsite_conversion.fb_pixel_purchase` and more; adding
them up doubles it. The `omni_` types are the superset over web, app and shop without double counting. Others are sums
over two or three channels (`onsite_web_app_`), and what happens in one channel can come as its own type alone: on
Meta's own surfaces, such as Shops, in an app, in a store. So the choice falls from the widest to the narrowest (the
channels: Meta's list of action types), per row and by absence: a preferred type that is there with 0 is still the one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.errors import MisshapenError
from app.providers.meta.values.node import as_node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.meta.values.node import Node

_PIXEL = "offsite_conversion.fb_pixel_"
_APP = "app_custom_event.fb_mobile_"


def _by_reach(event: str, *totals: str, pixel: str, app: str) -> tuple[str, ...]:
    """The totals; what Meta has added up over some of its channels, the widest first; what happened in one channel."""
    sums = (f"onsite_web_app_{event}", f"web_app_in_store_{event}", f"onsite_web_{event}", f"web_in_store_{event}")
    parts = (f"{_PIXEL}{pixel}", f"onsite_conversion.{event}", f"{_APP}{app}", f"offline_conversion.{event}")
    return (*totals, *sums, f"onsite_app_{event}", *parts)


PURCHASE = _by_reach("purchase", "omni_purchase", "purchase", pixel="purchase", app="purchase")
ADD_TO_CART = _by_reach("add_to_cart", "omni_add_to_cart", "add_to_cart", pixel="add_to_cart", app="add_to_cart")
# Where it is spelled with a d, and which event of an app has its words turned around, is Meta's choice.
INITIATE_CHECKOUT = _by_reach(
    "initiate_checkout",
    "omni_initiated_checkout",
    "initiate_checkout",
    pixel="initiate_checkout",
    app="initiated_checkout",
)
VIEW_CONTENT = _by_reach("view_content", "omni_view_content", "view_content", pixel="view_content", app="content_view")


class ActionValues(NamedTuple):
    """The entries of a row's `actions` or `action_values` that have a value under the default attribution, by type.

    `is_whole`: every entry could be read. Otherwise one more of any type may have been there. `contradicted`: types of
    which there are entries with different values, of which the last one counts.
    """

    by_type: Mapping[str, Node]
    name: str
    is_whole: bool
    contradicted: frozenset[str] = frozenset()

    def choose(self, priority: Sequence[str]) -> Node | None:
        """The entry of the first type that is present. Raises MisshapenError where that can't be known."""
        chosen = next((self.by_type[each] for each in priority if each in self.by_type), None)
        if not self.is_whole and (chosen is None or priority[0] not in self.by_type):
            raise MisshapenError(f"Meta's answer can't be read: insights.{self.name} has an entry that can't be read")
        return chosen


def read_actions(row: Node, name: str) -> ActionValues:
    """The entries of a list of actions, of which none has to have the shape that it should."""
    try:
        items = row.items(name)
    except MisshapenError:
        return ActionValues({}, name, is_whole=False)
    entries = [_typed(item, f"{row.what}.{name}") for item in items]
    valued = [(kind, node) for kind, node in filter(None, entries) if node.fields.get("value") is not None]
    found = dict(valued)
    contradicted = frozenset(kind for kind, node in valued if node.fields["value"] != found[kind].fields["value"])
    return ActionValues(found, name, None not in entries, contradicted)


def _typed(item: object, what: str) -> tuple[str, Node] | None:
    """The entry and its type; None of one that can't be read."""
    try:
        node = as_node(item, what)
        return node.text("action_type"), node
    except MisshapenError:
        return None


def action_count(actions: ActionValues, priority: Sequence[str]) -> int:
    """The count under the first type that is present, else 0."""
    chosen = actions.choose(priority)
    return chosen.count("value") if chosen else 0


def action_micros(values: ActionValues, priority: Sequence[str]) -> int:
    """The amount under the first type that is present, in micros, else 0."""
    chosen = values.choose(priority)
    return chosen.micros("value") if chosen else 0
