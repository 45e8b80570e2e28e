"""One measurement: how many requests in how long, how slow they were, and what they cost the server."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """`server_cpu_ms` and `client_cpu_ms` are per request; the server's is that of its process, not of PostgreSQL."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    server_cpu_ms: float
    client_cpu_ms: float | None = None

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @classmethod
    def of(
        cls, latencies: Sequence[float], *, seconds: float, server_cpu: float = 0.0, client_cpu: float | None = None
    ) -> Self:
        """From the seconds that each request took, and CPU seconds of all together."""
        ordered, requests = sorted(latencies), len(latencies)
        return cls(
            requests=requests,
            seconds=seconds,
            p50_ms=percentile(ordered, 50) * 1000,
            p99_ms=percentile(ordered, 99) * 1000,
            server_cpu_ms=server_cpu * 1000 / requests,
            client_cpu_ms=None if client_cpu is None else client_cpu * 1000 / requests,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile of values in ascending order."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
