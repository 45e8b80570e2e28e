"""The mock's numbers: a day as a pure function of seller, entity, day and budget (mulberry32 over SHA-256).

Exact by integers: a draw is a 32-bit integer over 2^32, every factor is a fraction with that denominator, and each
step rounds half up once. No float, so every machine agrees.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from app.metrics.counters import Counters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal
    from fractions import Fraction

_MASK = 0xFFFFFFFF
_ONE = 1 << 32
_MICROS_PER_CENT = 10_000


def mulberry32(seed: int) -> Iterator[int]:
    """The unsigned 32-bit outputs of Tommy Ettinger's mulberry32; `output / 2^32` is a draw in [0, 1)."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) & _MASK
        mixed = ((state ^ (state >> 15)) * (state | 1)) & _MASK
        mixed = ((mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) ^ mixed) & _MASK
        yield mixed ^ (mixed >> 14)


def seed_of(text: str) -> int:
    """The first four bytes, big endian, of the text's SHA-256."""
    return int.from_bytes(sha256(text.encode()).digest()[:4])


def mock_day(
    seller_id: str,
    entity_id: str,
    day: date,
    budget: Decimal | Fraction,
    *,
    day_fraction: Fraction | None = None,
) -> Counters:
    """The counters of one entity's day.

    `budget` is the day's budget in currency units, not negative and unrounded (a Fraction where it was divided).
    `day_fraction` is the part of the day that has passed, for the current day only; None is the whole day.
    """
    draws = mulberry32(seed_of(f"{seller_id}:{entity_id}:{day.isoformat()}"))
    cents = _spend_cents(budget, next(draws), day_fraction)
    # spend / 8.50 * 1000 = cents * 20 / 17
    impressions = _step(cents, 20, 17, next(draws))
    link_clicks = _step(impressions, 20, 1000, next(draws))
    content_views = _step(link_clicks, 70, 100, next(draws))
    add_to_cart = _step(content_views, 12, 100, next(draws))
    checkout_initiated = _step(add_to_cart, 50, 100, next(draws))
    purchases = _step(checkout_initiated, 40, 100, next(draws))
    value_cents = _half_up(purchases * 100 * (35 * _ONE + 115 * next(draws)), _ONE)
    return Counters(
        spend_micros=cents * _MICROS_PER_CENT,
        impressions=impressions,
        link_clicks=link_clicks,
        content_views=content_views,
        add_to_cart=add_to_cart,
        checkout_initiated=checkout_initiated,
        purchases=purchases,
        purchase_value_micros=value_cents * _MICROS_PER_CENT,
    )


def _spend_cents(budget: Decimal | Fraction, draw: int, day_fraction: Fraction | None) -> int:
    """The spend, budget * (0.85 + draw * 0.30) in cents, of the part of the day that has passed."""
    numerator, denominator = budget.as_integer_ratio()
    numerator *= 85 * _ONE + 30 * draw
    denominator *= _ONE
    if day_fraction is not None:
        numerator *= day_fraction.numerator
        denominator *= day_fraction.denominator
    return _half_up(numerator, denominator)


def _step(count: int, numerator: int, denominator: int, draw: int) -> int:
    """The next count, count * numerator / denominator * (0.90 + draw * 0.20), as the nearest integer."""
    return _half_up(count * numerator * (9 * _ONE + 2 * draw), denominator * 10 * _ONE)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
