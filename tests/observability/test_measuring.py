from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, Gauge

from app.observability import measuring
from app.observability.measuring import GaugeGroup, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

GAUGE = Gauge("tests_measuring", "Of this test alone.", ["name"], registry=None)


class Source:
    """Answers how often it was asked, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.hangs = False

    async def ask(self) -> Sequence[Reading]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return [Reading(GAUGE, (f"asked {self.asked}",), self.asked)]

    def group(self, *, kept_seconds: float) -> GaugeGroup:
        return GaugeGroup("tests", (GAUGE,), self.ask, kept_seconds=kept_seconds)


def shown() -> dict[str, float]:
    return {sample.labels["name"]: sample.value for family in GAUGE.collect() for sample in family.samples}


def failures() -> float:
    return REGISTRY.get_sample_value("pixecom_measuring_failures_total", {"group": "tests"}) or 0.0


async def test_many_scrapes_ask_once() -> None:
    source = Source()
    group = source.group(kept_seconds=60)
    await asyncio.gather(*(group.refresh() for _ in range(5)))
    await group.refresh()
    assert (source.asked, shown()) == (1, {"asked 1": 1.0})


async def test_a_figure_that_is_too_old_is_asked_for_again_and_labels_that_are_gone_go() -> None:
    source = Source()
    group = source.group(kept_seconds=0)
    await group.refresh()
    await group.refresh()
    assert (source.asked, shown()) == (2, {"asked 2": 2.0})


async def test_what_fails_leaves_no_old_figure_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "DEADLINE_SECONDS", 0.05)
    source, before = Source(), failures()
    group = source.group(kept_seconds=0)
    await group.refresh()
    source.error = ConnectionError("away")
    await group.refresh()
    assert (shown(), failures()) == ({}, before + 1)
    source.error, source.hangs = None, True
    await group.refresh()
    assert (shown(), failures()) == ({}, before + 2)
    source.hangs = False
    await group.refresh()
    assert (shown(), failures()) == ({"asked 4": 4.0}, before + 2)


async def test_a_failure_is_not_asked_about_again_at_once() -> None:
    source = Source()
    source.error = ConnectionError("away")
    group = source.group(kept_seconds=60)
    await group.refresh()
    await group.refresh()
    assert source.asked == 1
