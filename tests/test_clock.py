"""The one present moment: this machine's until the shared time is known, and a test's while it is frozen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.identifiers import made_at, new_id

if TYPE_CHECKING:
    from collections.abc import Generator

DAY = timedelta(days=1)
EXACT = timedelta(0)
NEAR = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _own_time() -> Generator[None]:
    clock.forget_shared()
    yield
    clock.forget_shared()


def test_the_shared_time_is_followed_once_it_is_known() -> None:
    true = clock.machine_now() - DAY
    clock.follow(true, at=clock.steady(), uncertainty=EXACT)
    assert true <= clock.now() < true + NEAR


def test_this_machines_clock_may_be_set_without_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    true = clock.machine_now()
    clock.follow(true, at=clock.steady(), uncertainty=NEAR)
    monkeypatch.setattr(clock, "machine_now", lambda: true + DAY)
    assert true <= clock.now() < true + NEAR


def test_what_is_known_stays_where_a_reading_is_no_better() -> None:
    clock.follow(datetime(2026, 11, 30, tzinfo=UTC), at=clock.steady(), uncertainty=EXACT)
    before = clock.now()
    clock.follow(before - timedelta(milliseconds=90), at=clock.steady(), uncertainty=timedelta(milliseconds=100))
    assert clock.now() > before


def test_a_reading_counts_from_the_moment_that_it_was_made() -> None:
    read = datetime(2026, 11, 30, tzinfo=UTC)
    clock.follow(read, at=clock.steady() - 3600, uncertainty=EXACT)
    assert timedelta(hours=1) <= clock.now() - read < timedelta(hours=1) + NEAR


def test_a_frozen_time_is_stronger_and_hides_the_shared_one() -> None:
    instant, true = datetime(2024, 2, 29, tzinfo=UTC), clock.machine_now() - DAY
    clock.follow(true, at=clock.steady(), uncertainty=EXACT)
    with clock.frozen(instant):
        assert clock.now() == instant
        assert clock.shared_now() < true + NEAR


@pytest.mark.parametrize("ahead", [DAY, -DAY])
def test_ids_are_of_the_shared_time_and_sort_by_it(ahead: timedelta) -> None:
    true = clock.machine_now() + ahead
    clock.follow(true, at=clock.steady(), uncertainty=EXACT)
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert true - timedelta(milliseconds=1) <= made_at(made[0]) < true + NEAR
