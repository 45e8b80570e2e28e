"""Made-up numbers for the demo account: fixed for every ad and day, growing through the present day.

A day's full figures come from a hash of ad and day; what is shown is the part of the day in which the ad ran.
Integers only, so that every machine gets the same.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from app.providers.sandbox.world.dataset import AdDay, Delivered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from app.providers.sandbox.world.dataset import Activity

_DRAWS = struct.Struct(">8I")


@dataclass(frozen=True, slots=True)
class GeneratedDelivery:
    """`budgets`: ad id → what the ad may spend on a day, in minor units.

    `seed` makes other numbers of the same ads; an ad delivers on `part` in a thousand of its days.
    """

    first_day: date
    budgets: Mapping[str, int]
    seed: str = ""
    part: int = 1000

    def list_ad_days(self, day: date, activity: Activity) -> Sequence[AdDay]:
        rows: list[AdDay] = []
        for ad_id, budget in self.budgets.items():
            draws = self._draw(ad_id, day)
            if draws[0] // 300 % 1000 >= self.part:
                continue
            active, whole = activity.active_part(ad_id, day)
            if active:
                rows.append(AdDay(ad_id, _part(_full_day(draws, budget), active, whole)))
        return rows

    def _draw(self, ad_id: str, day: date) -> tuple[int, ...]:
        text = f"{self.seed}{ad_id}:{day.isoformat()}"
        return _DRAWS.unpack(blake2b(text.encode(), digest_size=_DRAWS.size).digest())


def _part(full: Delivered, active: int, whole: int) -> Delivered:
    """Every count grows evenly; the value only with a purchase."""
    part = Delivered(*(number * active // whole for number in full))
    if not full.purchases:
        return part
    return part._replace(purchase_value=full.purchase_value * part.purchases // full.purchases)


def _full_day(draws: tuple[int, ...], budget: int) -> Delivered:
    """A CPM of 12, then 2 % link clicks, 70 % views, 12 % carts, half of them checkouts, 30 to 60 % purchases.

    A purchase is worth 35 to 150 units.
    """

    def vary(number: int, draw: int, spread: int = 200) -> int:
        """The number, off by at most spread / 2000 of it either way."""
        return number * (1000 - spread // 2 + draw % spread) // 1000

    spend = vary(budget, draws[0], 300)
    impressions = vary(spend * 1000 // 1200, draws[1])
    link_clicks = vary(impressions * 20 // 1000, draws[2])
    views = vary(link_clicks * 70 // 100, draws[3])
    carts = vary(views * 12 // 100, draws[4])
    checkouts = carts // 2
    purchases = checkouts * (300 + draws[5] % 300) // 1000
    return Delivered(
        spend=spend,
        impressions=impressions,
        clicks=link_clicks + link_clicks * (draws[6] % 400) // 1000,
        link_clicks=link_clicks,
        content_views=views,
        add_to_cart=carts,
        checkouts=checkouts,
        purchases=purchases,
        purchase_value=purchases * (3500 + draws[7] % 11500),
    )
