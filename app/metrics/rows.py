"""The fast way from counters to shown values: one function, made from the table, for a whole selection of metrics.

It gives what `app.metrics.derive.rounded` gives, by integer arithmetic whose constants are worked out once. Use it
where thousands of rows are answered, and `derive` everywhere else.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from app.metrics.counters import Counters
from app.metrics.definitions import BY_NAME, QUOTIENTS, Metric, Unit
from app.metrics.money import currency_digits
from app.metrics.rounding import EXACT, half_up, with_decimals

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    Value = Decimal | int | str | float
    RowFunction = Callable[[Counters], tuple[Value, ...]]


class Form(Enum):
    """What the values are: Decimal and int as `derive` gives them, or what stands in a JSON answer.

    WIRE: money as text with its digits, counts as int, percentages and ratios as the float nearest to the rounded
    decimal (so that it prints as that decimal). Money is never a float in either.
    """

    VALUE = auto()
    WIRE = auto()


def row_function(names: tuple[str, ...], *, currency: str, form: Form) -> RowFunction:
    """A function from the counters of one entity to the values of these metrics, in this order.

    Raises KeyError for a name that is not in the table.
    """
    return _row_function(names, currency_digits(currency), form)


@lru_cache(maxsize=512)
def _row_function(names: tuple[str, ...], digits: int, form: Form) -> RowFunction:
    shown = [(BY_NAME[name], BY_NAME[name].decimals(digits)) for name in names]
    scaled = {_scaled_source(metric, decimals): f"scaled_{metric.name}" for metric, decimals in shown}
    values = [
        _value_source(metric, scaled[_scaled_source(metric, decimals)], decimals, form) for metric, decimals in shown
    ]
    lines = [
        "def row(counters):",
        f"    {', '.join(Counters._fields)} = counters",
        "    if min(counters) < 0:",
        "        return signed(counters)",
        *(f"    {variable} = {source}" for source, variable in scaled.items()),
        f"    return ({''.join(f'{value}, ' for value in values)})",
    ]

    def signed(counters: Counters) -> tuple[Value, ...]:
        return tuple(_signed_value(metric, counters, decimals, form) for metric, decimals in shown)

    scope: dict[str, object] = {"signed": signed, "scaleb": EXACT.scaleb}
    exec("\n".join(lines), scope)  # noqa: S102  # the text is made of the table alone; no input gets into it
    return cast("RowFunction", scope["row"])


def _scaled_source(metric: Metric, decimals: int) -> str:
    """An expression of the rounded value * 10^decimals as an int, right for counters that are not negative."""
    numerator, denominator, multiplier, divisor = QUOTIENTS[metric.name].times(10**decimals)
    if denominator is None and divisor == 1:
        return numerator if multiplier == 1 else f"{numerator} * {multiplier}"
    if divisor % 2:
        multiplier, divisor = 2 * multiplier, 2 * divisor
    by = f" * {denominator}" if denominator else ""
    source = f"({numerator} * {multiplier} + {divisor // 2}{by}) // ({divisor}{by})"
    return f"{source} if {denominator} else 0" if denominator else source


def _value_source(metric: Metric, scaled: str, decimals: int, form: Form) -> str:
    if metric.unit is Unit.COUNT:
        return scaled
    if form is Form.VALUE:
        return f"scaleb({scaled}, -{decimals})"
    unit = 10**decimals
    if not metric.in_currency:
        return f"{scaled} / {unit}"
    return f"f'{{{scaled} // {unit}}}.{{{scaled} % {unit}:0{decimals}d}}'" if decimals else f"str({scaled})"


def _signed_value(metric: Metric, counters: Counters, decimals: int, form: Form) -> Value:
    """The same for counters of which some are negative (a platform's correction): plainly, not fast."""
    numerator, denominator, multiplier, divisor = QUOTIENTS[metric.name].times(10**decimals)
    by: int = getattr(counters, denominator) if denominator else 1
    scaled = half_up(getattr(counters, numerator) * multiplier, by * divisor) if by else 0
    if metric.unit is Unit.COUNT:
        return scaled
    value = with_decimals(scaled, decimals)
    if form is Form.VALUE:
        return value
    return f"{value:f}" if metric.in_currency else float(value)
