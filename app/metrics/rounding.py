"""Exact half-up rounding of rationals with integers only. It never sees a float and never rounds twice.

Half up means: a tie goes away from zero, as `decimal.ROUND_HALF_UP` and PostgreSQL's `round(numeric)` do. Sums of
counters are not negative in practice, but a difference from a previous period is, and a refund may make a value so;
symmetry keeps "down by 1.5" and "up by 1.5" the same size.
"""

from __future__ import annotations

from decimal import Context, Decimal

# Wide enough for any quotient of two 64-bit sums at any scale in use; no rounding happens in this context.
EXACT = Context(prec=200)


def half_up(numerator: int, denominator: int) -> int:
    """The integer nearest to numerator / denominator, ties away from zero.

    Raises ZeroDivisionError: what a ratio over nothing means is the caller's to say.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator < 0:
        return -((denominator - 2 * numerator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def with_decimals(scaled: int, decimals: int) -> Decimal:
    """Return `scaled` over 10^decimals, with exactly that many decimals: (150, 2) is Decimal("1.50")."""
    return EXACT.scaleb(Decimal(scaled), -decimals)


def round_ratio(numerator: int, denominator: int, *, decimals: int) -> Decimal:
    """Round numerator / denominator half up once to `decimals` places."""
    return with_decimals(half_up(numerator * 10**decimals, denominator), decimals)
