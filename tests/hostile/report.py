"""A run as text: what each operation cost and what the client beside it noticed, the dearest first; and a verdict."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from tests.hostile.running import p99

if TYPE_CHECKING:
    from tests.hostile.running import Run, Suffered

MOST_SLOWDOWN = 3.0
MOST_LIVEZ_SECONDS = 0.25
MOST_GROWTH_BYTES = 50_000_000


def lines(run: Run) -> list[str]:
    """A line for each operation: CPU seconds of the api, how many times an idle moment's that is, what the client
    beside it waited, by how many times its p99 was longer than when idle, and its longest /livez.
    """
    dearest = sorted(run.suffered, key=lambda each: each.cpu_seconds, reverse=True)
    return [
        f"{'CPU s':>8} {'of idle':>8} {'p50 ms':>7} {'p99 ms':>7} {'of p99':>7} {'livez ms':>9}  operation",
        *(_line(run, each) for each in dearest),
    ]


def _line(run: Run, one: Suffered) -> str:
    waited, livez = (
        run.within("list", one.begun, one.ended),
        max(run.within("livez", one.begun, one.ended), default=0.0),
    )
    times = one.cpu_seconds / max(run.idle_cpu * (one.ended - one.begun), 0.001)
    answer = "no answer" if one.outcome is None else ", ".join(sorted(one.outcome.codes)) or f"{one.outcome.status}"
    hung = " (hung, restarted)" if one.hung else ""
    figures = (
        f"{one.cpu_seconds:8.2f} {times:8.1f} {median(waited or [0.0]) * 1000:7.0f} {p99(waited) * 1000:7.0f} "
        f"{run.slowdown(one):7.1f} {livez * 1000:9.0f}"
    )
    return f"{figures}  {one.operation}: {answer}{hung}"


def verdict(run: Run) -> list[str]:
    """What the run breaks of what is promised to others, a sentence each."""
    begun, ended = run.suffered[0].begun, run.suffered[-1].ended
    slowdown = p99(run.within("list", begun, ended)) / max(run.idle_p99, 0.001)
    livez = max(run.within("livez", begun, ended), default=0.0)
    growth = run.resident_after - run.resident_before
    hung = sum(each.hung for each in run.suffered)
    found = {
        f"the other's p99 rose to {slowdown:.1f} times its idle one, more than {MOST_SLOWDOWN:g}": slowdown
        > MOST_SLOWDOWN,
        f"/livez took {livez * 1000:.0f} ms, more than {MOST_LIVEZ_SECONDS * 1000:.0f}": livez > MOST_LIVEZ_SECONDS,
        f"the api grew by {growth / 1e6:.0f} MB, more than {MOST_GROWTH_BYTES / 1e6:.0f}": growth > MOST_GROWTH_BYTES,
        f"{hung} operations hung the api": hung > 0,
        f"{run.failures} requests of the other client failed": run.failures > 0,
    }
    return [
        *(sentence for sentence, is_so in found.items() if is_so),
        *(
            f"beside {one.operation}, the other's p99 was {run.slowdown(one):.1f} times its idle one"
            for one in run.suffered
            if one.operation.kind == "floods" and run.slowdown(one) > MOST_SLOWDOWN
        ),
    ]


def summary(run: Run) -> str:
    begun, ended = run.suffered[0].begun, run.suffered[-1].ended
    return (
        f"{len(run.suffered)} operations in {ended - begun:.0f} s. The other client's p99: "
        f"{run.idle_p99 * 1000:.0f} ms idle, {p99(run.within('list', begun, ended)) * 1000:.0f} ms beside them. "
        f"Memory: {run.resident_before / 1e6:.0f} MB before, {run.resident_after / 1e6:.0f} MB after."
    )
