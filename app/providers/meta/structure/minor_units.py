"""Budgets as Meta writes them: whole numbers of the currency's minor unit, by Meta's own table of offsets.

The table is the "Currency Codes" page of the Marketing API. It is not ISO 4217: HUF, TWD and IDR have no minor unit
there, BHD and JOD have hundredths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.money import MAX_MICROS, MICROS_PER_UNIT

if TYPE_CHECKING:
    from app.providers.meta.values.node import Node

DEFAULT_OFFSET = 100
WITHOUT_MINOR_UNIT = frozenset({"CLP", "COP", "CRC", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VND"})


def minor_unit_offset(currency: str) -> int:
    """How many of Meta's minor units make one unit of the currency."""
    return 1 if currency in WITHOUT_MINOR_UNIT else DEFAULT_OFFSET


def budget_micros(node: Node, name: str, currency: str) -> int | None:
    """A budget field in micros of the currency's unit; None where it is left out or 0 (Meta's "none").

    Raises MisshapenError for what is no whole number of minor units, and for more than 64 bits of micros hold.
    """
    number = node.number(name)
    if number is None:
        return None
    if number < 0 or number != number.to_integral_value():
        raise node.misshapen(name, "is not a whole number of minor units")
    micros = int(number) * (MICROS_PER_UNIT // minor_unit_offset(currency))
    if micros > MAX_MICROS:
        raise node.misshapen(name, "is more than any budget")
    return micros or None
