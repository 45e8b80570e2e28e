"""SQL text (PostgreSQL) for every metric, made from the table of definitions. It touches no database.

A metric is written over `columns`: for each counter the SQL expression of its sum, of type bigint or numeric and
never null. All arithmetic is on numeric, so nothing overflows, and by quotients of integers, so that no digit is
rounded twice. Results equal those of `app.metrics.derive` for any counters of 64 bits, negative ones included.
Placeholders and columns are text that the caller's code wrote; nothing from a client may get into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.counters import Counters
from app.metrics.definitions import MONEY_COLUMNS, QUOTIENTS, Better, Metric, Quotient, Unit
from app.metrics.money import DEFAULT_DIGITS, EXCEPTIONAL_DIGITS, MAX_MICROS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.metrics.operators import Operator

# Two different quotients of 64-bit integers differ by more than 1 / 2^126, and 10^38 > 2^126: with so many decimals
# (and those of the divisor) they stay different and in order, however PostgreSQL rounds the last one.
_ORDER_DECIMALS = 38


def columns_of(alias: str) -> dict[str, str]:
    """The counters under their names in the stats tables, such as `alias.spend_micros`."""
    return {column: f"{alias}.{column}" for column in Counters._fields}


def sums(columns: Mapping[str, str]) -> dict[str, str]:
    """The sum of each counter as bigint, 0 over no rows.

    A sum that 64 bits can't hold (more than nine million million currency units) is the largest that they hold: one
    entity comes to it by three months of days that each have as much as a day can have.
    """
    return {column: _within_64_bits(f"COALESCE(SUM({columns[column]}), 0)") for column in Counters._fields}


def totals(columns: Mapping[str, str]) -> dict[str, str]:
    """The same over many entities: money is numeric and exact, however much it is."""
    exact = {column: f"COALESCE(SUM({columns[column]}), 0)" for column in MONEY_COLUMNS}
    return sums(columns) | exact


def stored_totals(alias: str) -> str:
    """The sums over the rows of a stats table as a select list, in what a bigint column holds."""
    return select_list({column: _within_64_bits(f"SUM({alias}.{column})") for column in Counters._fields})


def _within_64_bits(total: str) -> str:
    return f"LEAST(GREATEST({total}, -{MAX_MICROS}), {MAX_MICROS})::bigint"


def select_list(columns: Mapping[str, str]) -> str:
    """The eight counters as a select list in the order of `Counters`, each under its own name."""
    return ",\n".join(f"{columns[column]} AS {column}" for column in Counters._fields)


def value(metric: Metric, columns: Mapping[str, str]) -> str:
    """The unrounded value as numeric, 0 where the denominator is 0; it orders exactly as the true quotient does."""
    numerator, denominator, multiplier, divisor = QUOTIENTS[metric.name]
    top = columns[numerator]
    if denominator is None:
        return f"({_numeric(top)} * {_power_of_ten(divisor)})"
    bottom = columns[denominator]
    one = f"{multiplier}.{'0' * (_ORDER_DECIMALS + len(str(divisor)) - 1)}"
    return f"(CASE WHEN {bottom} = 0 THEN 0 ELSE {_numeric(top)} * {one} / {_times(_numeric(bottom), divisor)} END)"


def sort_key(metric: Metric, columns: Mapping[str, str]) -> str:
    """What orders rows as `value` does at less cost; for a counter the stored integer itself."""
    quotient = QUOTIENTS[metric.name]
    return value(metric, columns) if quotient.denominator else columns[quotient.numerator]


def rank_key(metric: Metric, columns: Mapping[str, str]) -> str:
    """What orders entities best first when it descends, exactly; null where the metric says nothing of an entity."""
    denominator = QUOTIENTS[metric.name].denominator
    key = value(metric, columns) if metric.better is Better.MORE else f"(- {value(metric, columns)})"
    return f"(CASE WHEN {columns[denominator]} <> 0 THEN {key} END)" if denominator else key


def rounded(metric: Metric, columns: Mapping[str, str], *, digits: str) -> str:
    """The value as shown: a count as it is, else numeric with exactly its decimals.

    `digits` is the SQL of the currency's digits.
    """
    if metric.unit is Unit.MONEY:
        return f"round({value(metric, columns)}, {digits})"
    decimals = metric.decimals(DEFAULT_DIGITS)
    quotient = QUOTIENTS[metric.name].times(10**decimals)
    if quotient.denominator is None:
        return columns[quotient.numerator]
    bottom = columns[quotient.denominator]
    return f"(CASE WHEN {bottom} = 0 THEN 0 ELSE {_half_up(quotient, columns)} END * {_power_of_ten(10**decimals)})"


def condition(metric: Metric, columns: Mapping[str, str], operator: Operator, *, placeholder: str) -> str:
    """Whether the unrounded value stands in that relation to the parameter, by multiplying crosswise.

    `placeholder` is `$1` or `:name`; its parameter is a finite Decimal.
    """
    numerator, denominator, multiplier, divisor = QUOTIENTS[metric.name]
    top, limit = columns[numerator], f"CAST({placeholder} AS numeric)"
    if denominator is None:
        return f"({_numeric(top)} {operator.sql} {_times(limit, divisor)})"
    bottom = _numeric(columns[denominator])
    left = f"{_times(_numeric(top), multiplier)} * sign({bottom})"
    right = f"{limit} * {_times(f'abs({bottom})', divisor)}"
    return f"(CASE WHEN {bottom} = 0 THEN 0 {operator.sql} {limit} ELSE {left} {operator.sql} {right} END)"


def currency_digits(currency: str) -> str:
    """The digits of the currency whose code is the SQL expression `currency`, as in `app.metrics.money`."""
    by_digits: dict[int, list[str]] = {}
    for code, digits in EXCEPTIONAL_DIGITS.items():
        by_digits.setdefault(digits, []).append(f"'{code}'")
    cases = (f"WHEN {currency} IN ({', '.join(codes)}) THEN {digits}" for digits, codes in by_digits.items())
    return f"(CASE {' '.join(cases)} ELSE {DEFAULT_DIGITS} END)"


def _half_up(quotient: Quotient, columns: Mapping[str, str]) -> str:
    """The nearest integer, ties away from zero: `div` cuts towards zero, so half is added on the side of the sign."""
    bottom = _numeric(columns[quotient.denominator or ""])
    top = _numeric(columns[quotient.numerator])
    half = f"sign({top}) * {_times(f'abs({bottom})', quotient.divisor)}"
    return f"div({_times(top, 2 * quotient.multiplier)} + {half}, {_times(bottom, 2 * quotient.divisor)})"


def _numeric(expression: str) -> str:
    return f"CAST({expression} AS numeric)"


def _times(expression: str, factor: int) -> str:
    return expression if factor == 1 else f"({expression} * {factor})"


def _power_of_ten(divisor: int) -> str:
    """One divided by a power of ten, written out: exact, and with that many decimals."""
    zeros = len(str(divisor)) - 1
    return f"0.{'1'.rjust(zeros, '0')}" if zeros else "1"
