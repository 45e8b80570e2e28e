"""The run against a real server: each operation by itself, and what the client beside it noticed meanwhile."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from typing import TYPE_CHECKING

from tests.hostile.bystander import Sample
from tests.hostile.installation import CHECKOUT
from tests.hostile.over_tcp import OverTcp

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from tests.hostile.installation import Api
    from tests.hostile.operation import Operation
    from tests.hostile.outcome import Outcome

IDLE_SECONDS = 10.0
BEFORE_FLOOD_SECONDS = 6.0
REST_SECONDS = 30.0
SENDER_NICENESS = 10


@dataclass(frozen=True, kw_only=True)
class Suffered:
    """One operation: when, what came of it, and what it cost the api. `hung`: it had to be ended with the process.

    `idle_begun` is the beginning of the idle moment that it is compared with, where it has one of its own.
    """

    operation: Operation
    idle_begun: float | None
    begun: float
    ended: float
    outcome: Outcome | None
    cpu_seconds: float
    hung: bool


@dataclass
class Run:
    """Everything of a run; the samples are the bystander's."""

    idle_begun: float = 0.0
    idle_ended: float = 0.0
    idle_cpu: float = 0.0  # seconds of the api a second, for the bystander alone
    resident_before: int = 0
    resident_after: int = 0
    suffered: list[Suffered] = field(default_factory=list[Suffered])
    samples: list[Sample] = field(default_factory=list[Sample])

    def within(self, what: str, begun: float, ended: float) -> list[float]:
        """How long the answers took that were waited for mostly in that time."""
        return [
            each.seconds for each in self.samples if each.what == what and begun < each.begun + each.seconds / 2 < ended
        ]

    @property
    def failures(self) -> int:
        """How many answers to the bystander were none, or not the right ones."""
        return sum(not each.well for each in self.samples)

    @property
    def idle_p99(self) -> float:
        return p99(self.within("list", self.idle_begun, self.idle_ended))

    def slowdown(self, one: Suffered) -> float:
        """By how many times the bystander's p99 beside an operation was longer than when idle."""
        idle = self.idle_p99 if one.idle_begun is None else p99(self.within("list", one.idle_begun, one.begun))
        return p99(self.within("list", one.begun, one.ended)) / max(idle, 0.001)


def p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98] if len(seconds) > 1 else max(seconds, default=0.0)


def run(
    api: Api, operations: Iterable[Operation], *, timeout: float, directory: Path, tell: Callable[[str], None]
) -> Run:
    """Send them one after the other, each when the last has come to rest."""
    found = Run()
    with _bystander(api, directory / "bystander.txt") as samples, _sender() as sender:
        time.sleep(3.0)  # the first connections and statements are dearer
        found.idle_begun, cpu = time.monotonic(), api.cpu_seconds
        time.sleep(IDLE_SECONDS)
        found.idle_ended = time.monotonic()
        found.idle_cpu = (api.cpu_seconds - cpu) / (found.idle_ended - found.idle_begun)
        found.resident_before = api.resident_bytes
        for operation in operations:
            idle_begun = _idle_before(operation)
            one = _suffer(api, sender, operation, timeout=timeout, idle_cpu=found.idle_cpu, idle_begun=idle_begun)
            found.suffered.append(one)
            tell(str(operation))
        found.resident_after = api.resident_bytes
    found.samples = [Sample.read(line) for line in samples.read_text().splitlines()]
    return found


def _sender() -> ThreadPoolExecutor:
    """A thread with a lower priority than the server and the bystander, as if it ran on a machine of its own."""
    return ThreadPoolExecutor(max_workers=1, initializer=os.nice, initargs=(SENDER_NICENESS,))


def _idle_before(operation: Operation) -> float | None:
    """A flood is compared with the moment before it; what is over at once, with the beginning of the run."""
    if operation.kind != "floods":
        return None
    begun = time.monotonic()
    time.sleep(BEFORE_FLOOD_SECONDS)
    return begun


def _suffer(
    api: Api,
    sender: ThreadPoolExecutor,
    operation: Operation,
    *,
    timeout: float,
    idle_cpu: float,
    idle_begun: float | None,
) -> Suffered:
    begun, cpu = time.monotonic(), api.cpu_seconds
    try:
        sending = OverTcp(api.port, api.hurt_token, timeout).send(operation)
        outcome = sender.submit(asyncio.run, sending).result()
    except (TimeoutError, OSError):
        outcome = None
    rested = api.rests_within(REST_SECONDS)
    ended = time.monotonic()
    cost = max(0.0, api.cpu_seconds - cpu - idle_cpu * (ended - begun))
    if not rested:
        api.stop()
        api.start()
    return Suffered(
        operation=operation,
        idle_begun=idle_begun,
        begun=begun,
        ended=ended,
        outcome=outcome,
        cpu_seconds=cost,
        hung=not rested,
    )


@contextmanager
def _bystander(api: Api, samples: Path) -> Generator[Path]:
    with samples.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.bystander", str(api.port)],
            stdin=subprocess.PIPE,
            stdout=output,
            cwd=CHECKOUT,
        )
        assert process.stdin is not None
        process.stdin.write(f"{api.beside_token}\n".encode())
        process.stdin.flush()
        try:
            yield samples
        finally:
            process.stdin.close()
            process.wait(30)
