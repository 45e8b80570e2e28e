"""The rounds: every contender does every workload in every round, so that what disturbs one disturbs all."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.contenders import Contender
    from tests.benchmarks.measurement import Measurement
    from tests.benchmarks.workloads import Workload


class Case(NamedTuple):
    """What is compared with each other."""

    workload: str
    connections: int


class Outcome(NamedTuple):
    """Medians over the rounds. `to_a` and `to_b`: requests/s against the floors', round by round."""

    contender: str
    rate: float
    to_a: float
    to_b: float
    p50_ms: float
    p99_ms: float
    server_cpu_ms: float
    client_cpu_share: float | None
    """CPU seconds of the load's client a second; near 1.0 the client would be the bottleneck."""


Rounds = dict[Case, dict[str, list["Measurement"]]]


def run_rounds(
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
    connections: Sequence[int],
    *,
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
) -> Rounds:
    """All measurements, after one of each that isn't counted; `tell` gets a line for each."""
    found: Rounds = defaultdict(lambda: defaultdict(list))
    for workload in workloads:
        for contender in contenders:
            contender.measure(workload, connections=max(connections), seconds=seconds)
    for number in range(rounds):
        for workload in workloads:
            for count in connections:
                for contender in _turned(contenders, number):
                    result = contender.measure(workload, connections=count, seconds=seconds)
                    found[Case(workload.name, count)][contender.name].append(result)
                    tell(f"round {number + 1}: {workload.name} x{count} {contender.name}: {result.rate:.1f}/s")
    return found


def _turned(contenders: Sequence[Contender], number: int) -> list[Contender]:
    """In another order each round, so that nobody always follows the same one."""
    start = number % len(contenders)
    return [*contenders[start:], *contenders[:start]]


def outcomes(of_case: dict[str, list[Measurement]]) -> list[Outcome]:
    """The contenders of one case, compared."""
    return [_outcome(name, results, of_case) for name, results in sorted(of_case.items())]


def _outcome(name: str, results: list[Measurement], of_case: dict[str, list[Measurement]]) -> Outcome:
    shares = [r.client_cpu_ms * r.rate / 1000 for r in results if r.client_cpu_ms is not None]
    return Outcome(
        contender=name,
        rate=median(r.rate for r in results),
        to_a=_ratio(results, of_case["floor a"]),
        to_b=_ratio(results, of_case["floor b"]),
        p50_ms=median(r.p50_ms for r in results),
        p99_ms=median(r.p99_ms for r in results),
        server_cpu_ms=median(r.server_cpu_ms for r in results),
        client_cpu_share=median(shares) if shares else None,
    )


def _ratio(results: list[Measurement], floor: list[Measurement]) -> float:
    return median(mine.rate / theirs.rate for mine, theirs in zip(results, floor, strict=True))
