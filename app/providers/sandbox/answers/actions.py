"""How one event appears in `actions`: under several types at once, which must not be added up (Meta's AdsActionStats).

Which types a row has depends on its entity: some have all, some lack the omni type, some have only the pixel's. The
first type of a meaning that is present carries the true count; the ones after it never more. `value` is what the
default setting attributes, seven days after a click and one after a view; a window stands beside it if it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.providers.sandbox.world.dataset import Delivered


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The types in order of preference, from all channels to the web pixel alone."""

    types: tuple[str, str, str]
    read: Callable[[Delivered], int]


WINDOWS: dict[str, Callable[[int], int]] = {
    "default": lambda amount: amount,
    "1d_click": lambda amount: amount - amount // 10 - amount // 5,
    "7d_click": lambda amount: amount - amount // 10,
    "28d_click": lambda amount: amount - amount // 20,
    "1d_view": lambda amount: amount // 10,
    "1d_ev": lambda amount: amount // 50,
    "7d_view": lambda _amount: 0,
    "28d_view": lambda _amount: 0,
}
"""What each window attributes. The last two died in 2026: asked for, they are no error and have no value."""

_PURCHASE = _Meaning(("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"), lambda sum_: sum_.purchases)
_MEANINGS = (
    _Meaning(
        ("omni_view_content", "view_content", "offsite_conversion.fb_pixel_view_content"),
        lambda sum_: sum_.content_views,
    ),
    _Meaning(
        ("omni_add_to_cart", "add_to_cart", "offsite_conversion.fb_pixel_add_to_cart"),
        lambda sum_: sum_.add_to_cart,
    ),
    _Meaning(
        ("omni_initiated_checkout", "initiate_checkout", "offsite_conversion.fb_pixel_initiate_checkout"),
        lambda sum_: sum_.checkouts,
    ),
    _PURCHASE,
)


def list_actions(entity_id: str, delivered: Delivered, windows: Sequence[str] = ()) -> list[dict[str, str]]:
    """The `actions` of a row, empty where nothing happened."""
    counts = [(name, delivered.link_clicks) for name in ("link_click", "post_engagement") if delivered.link_clicks]
    for meaning in _MEANINGS:
        counts += _spread(meaning, entity_id, meaning.read(delivered))
    return [_entry(name, count, windows, str) for name, count in counts]


def list_action_values(
    entity_id: str,
    delivered: Delivered,
    show_money: Callable[[int], str],
    windows: Sequence[str] = (),
) -> list[dict[str, str]]:
    """The `action_values` of a row: purchases only, as decimal strings in the account's currency."""
    amounts = _spread(_PURCHASE, entity_id, delivered.purchase_value)
    return [_entry(name, amount, windows, show_money) for name, amount in amounts]


def _entry(name: str, amount: int, windows: Sequence[str], show: Callable[[int], str]) -> dict[str, str]:
    """One entry; a window in which nothing was attributed has no key."""
    entry = {"action_type": name, "value": show(amount)}
    for window in windows:
        part = WINDOWS[window](amount)
        if part:
            entry[window] = show(part)
    return entry


def _spread(meaning: _Meaning, entity_id: str, amount: int) -> list[tuple[str, int]]:
    if amount == 0:
        return []
    present = meaning.types[(0, 0, 1, 2)[crc32(entity_id.encode()) % 4] :]
    return [(name, amount if name == present[0] else amount - amount // 5) for name in present]
