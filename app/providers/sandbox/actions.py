"""How one event appears in `actions`: under several types at once, which must not be added up (Meta's AdsActionStats).

Which types a row has depends on its entity: some have all, some lack the omni type, some have only the pixel's. The
first type of a meaning that is present carries the true count; the ones after it never more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.providers.sandbox.dataset import Delivered


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The types in order of preference, from all channels to the web pixel alone."""

    types: tuple[str, str, str]
    read: Callable[[Delivered], int]


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


def list_actions(entity_id: str, delivered: Delivered) -> list[dict[str, str]]:
    """The `actions` of a row, empty where nothing happened."""
    actions = [
        {"action_type": name, "value": str(delivered.link_clicks)}
        for name in ("link_click", "post_engagement")
        if delivered.link_clicks
    ]
    for meaning in _MEANINGS:
        actions += [
            {"action_type": name, "value": str(count)}
            for name, count in _spread(meaning, entity_id, meaning.read(delivered))
        ]
    return actions


def list_action_values(
    entity_id: str,
    delivered: Delivered,
    show_money: Callable[[int], str],
) -> list[dict[str, str]]:
    """The `action_values` of a row: purchases only, as decimal strings in the account's currency."""
    return [
        {"action_type": name, "value": show_money(amount)}
        for name, amount in _spread(_PURCHASE, entity_id, delivered.purchase_value)
    ]


def _spread(meaning: _Meaning, entity_id: str, amount: int) -> list[tuple[str, int]]:
    if amount == 0:
        return []
    present = meaning.types[(0, 0, 1, 2)[crc32(entity_id.encode()) % 4] :]
    return [(name, amount if name == present[0] else amount - amount // 5) for name in present]
