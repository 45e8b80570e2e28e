"""What Prometheus would read of a counter or gauge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge

__all__ = ["counted"]


def counted(figure: Counter | Gauge, label: str) -> float:
    """The value of a figure with one label; 0 before it is first touched."""
    samples = [sample for family in figure.collect() for sample in family.samples]
    return sum(each.value for each in samples if label in each.labels.values() and not each.name.endswith("_created"))
