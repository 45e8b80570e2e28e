"""Counters as hypothesis draws them: ordinary, huge, negative, and built to stand exactly on a rounding edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from app.metrics.counters import Counters
from app.metrics.definitions import METRICS, QUOTIENTS, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 2**63 - 1

_counts = st.one_of(
    st.integers(0, 10),
    st.sampled_from([0, 1, 2**31 - 1, 2**31, LARGEST - 1, LARGEST]),
    st.integers(0, 10**9),
    st.integers(0, LARGEST),
)
_signed = st.one_of(_counts, st.integers(-LARGEST, 0))

counters = st.builds(Counters, *[_counts] * 8)
signed_counters = st.builds(Counters, *[_signed] * 8)


def on_the_edge(metric: Metric, *, decimals: int, whole: int, times: int) -> Iterator[Counters]:
    """Rows whose value is (whole + 1/2) * 10^-decimals, one step below it and one above.

    For a value without a denominator only the middle one may be such a tie; nothing is yielded where none is.
    """
    numerator, denominator, multiplier, divisor = QUOTIENTS[metric.name].times(10**decimals)
    if denominator is None:
        middle, below = divmod((2 * whole + 1) * divisor, 2)
        if below:
            return
        steps = {numerator: middle}
    else:
        steps = {numerator: (2 * whole + 1) * divisor * times, denominator: 2 * multiplier * times}
    for step in (-1, 0, 1):
        yield Counters()._replace(**{**steps, numerator: steps[numerator] + step})


@st.composite
def edges(draw: st.DrawFn) -> Counters:
    metric = draw(st.sampled_from(METRICS))
    decimals = metric.decimals(draw(st.sampled_from([0, 2, 3])))
    found = list(
        on_the_edge(metric, decimals=decimals, whole=draw(st.integers(0, 10**6)), times=draw(st.integers(1, 1000)))
    )
    return draw(st.sampled_from(found)) if found else Counters()


batches = st.lists(st.one_of(counters, signed_counters, edges()), min_size=1, max_size=40)
