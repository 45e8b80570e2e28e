"""The eight stored counters of one entity and day, or of any sum of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Counters(NamedTuple):
    """Additive and exact; money in micros (10^-6) of the account's currency unit."""

    spend_micros: int = 0
    impressions: int = 0
    link_clicks: int = 0
    content_views: int = 0
    add_to_cart: int = 0
    checkout_initiated: int = 0
    purchases: int = 0
    purchase_value_micros: int = 0

    def plus(self, other: Counters) -> Counters:
        """The sum, counter by counter."""
        return Counters(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


ZERO = Counters()


def total(rows: Iterable[Counters]) -> Counters:
    """The sum of all rows, counter by counter; ZERO of none."""
    columns = tuple(zip(*rows, strict=True))
    return Counters(*map(sum, columns)) if columns else ZERO
