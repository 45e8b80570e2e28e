"""Who asks for little is not held up by those who ask for much: by a clock that the test moves."""

from __future__ import annotations

from math import inf

import pytest

from app.services.limits.pacing import ASKING_SECONDS, CAPACITY, LEAST_LEVEL, Pacing, find_level
from app.services.limits.unmeasured import MOST, Unmeasured


class Loop:
    """An event loop that requests hold, and a pacing of them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.worked = 0.0
        self.pacing = Pacing(lambda: self.now, lambda: self.worked)

    def request(self, group: str, seconds: float) -> float:
        """One that holds the loop from its begin to its end; returns how much later its turn ends."""
        since = self.now
        self.pacing.note_asking(group)
        self.now += seconds
        self.worked += seconds
        return self.pacing.seconds_late(group, seconds, since=since)

    def flood(self, groups: list[str], *, seconds: float, each: float, beside: str | None = None) -> dict[str, float]:
        """Requests of all groups, each after the end of its last turn; returns how long each held the loop."""
        begun, held = self.now, dict.fromkeys(groups, 0.0)
        free_at = dict.fromkeys(groups, self.now)
        while self.now < begun + seconds:
            if beside:
                self.pacing.note_asking(beside)
            group = min(free_at, key=free_at.__getitem__)
            self.now = max(self.now, free_at[group])
            late = self.request(group, each)
            held[group] += each
            free_at[group] = self.now + late
        return held


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.mark.parametrize(
    ("rates", "level"),
    [
        ([], inf),
        ([1.0], inf),
        ([0.3, 0.4], inf),
        ([0.5, 0.5], CAPACITY / 2),
        ([0.1] * 10, LEAST_LEVEL),
        ([0.05, 0.95], CAPACITY - 0.05),
        ([0.24, 0.38, 0.38], (CAPACITY - 0.24) / 2),
        ([0.0, 0.05, 0.1, 0.4, 0.45], (CAPACITY - 0.15) / 2),
    ],
)
def test_who_asks_for_little_has_it_and_the_others_equal_parts_of_the_rest(rates: list[float], level: float) -> None:
    for order in (rates, rates[::-1]):
        assert find_level(order) == pytest.approx(level)


def test_who_asks_alone_is_never_held_up(loop: Loop) -> None:
    assert loop.flood(["busy"], seconds=60, each=0.02)["busy"] > 59.9


def test_beside_another_a_flood_holds_its_part_of_the_time(loop: Loop) -> None:
    held = loop.flood(["busy"], seconds=60, each=0.02, beside="quiet")

    assert 0.65 < held["busy"] / 60 < 1.05 * CAPACITY


def test_several_floods_share_the_part(loop: Loop) -> None:
    held = loop.flood(["one", "two", "three"], seconds=60, each=0.02, beside="quiet")

    assert sum(held.values()) / 60 < 1.1 * CAPACITY
    assert min(held.values()) / 60 > 0.2


def test_a_page_that_asks_much_at_once_is_not_held_up(loop: Loop) -> None:
    loop.pacing.note_asking("other")

    assert [loop.request("page", 0.05) for _ in range(10)] == [0.0] * 10


def test_who_asks_for_less_than_the_level_is_not_held_up_with_those_who_ask_for_more(loop: Loop) -> None:
    late: list[float] = []
    for _ in range(300):
        late = [loop.request(group, 0.03) for group in ("one", "two", "three")]
        assert loop.request("fourth", 0.02) == 0.0
    assert min(late) > 0


def test_a_flood_is_held_up_at_once_when_another_comes(loop: Loop) -> None:
    loop.flood(["busy"], seconds=60, each=0.02)
    assert not loop.pacing.is_behind("busy")
    loop.pacing.note_asking("quiet")

    assert loop.pacing.is_behind("busy")
    assert not loop.pacing.is_behind("quiet")
    assert loop.request("busy", 0.02) > 0.005


def test_a_flood_is_let_go_when_the_other_has_gone(loop: Loop) -> None:
    loop.flood(["busy"], seconds=10, each=0.02, beside="quiet")
    loop.now += 1.1 * ASKING_SECONDS

    assert loop.request("busy", 0.02) == 0.0


def test_many_that_ask_for_equally_much_are_not_held_up(loop: Loop) -> None:
    held = loop.flood([f"seller {number}" for number in range(10)], seconds=60, each=0.1)

    assert sum(held.values()) > 59


def test_a_long_answer_that_others_went_before_is_not_held_up(loop: Loop) -> None:
    since = loop.now
    loop.now += 10
    loop.pacing.note_asking("other")

    assert loop.pacing.seconds_late("large", 2.5, since=since) == 0.0
    assert loop.pacing.seconds_late("large", 9.0, since=since) > 0.0


def test_quiet_groups_are_forgotten(loop: Loop) -> None:
    for number in range(1000):
        loop.request(f"seller {number}", 0.005)
        loop.now += 0.1

    assert len(loop.pacing) < 30


def test_what_the_steps_do_not_measure_counts_in_proportion(loop: Loop) -> None:
    """A flood of requests that are measured for half of the time for which they hold the loop."""
    since, late = loop.now, 0.0
    for _ in range(300):
        loop.pacing.note_asking("quiet")
        loop.now, loop.worked = loop.now + 0.02, loop.worked + 0.02
        late = loop.pacing.seconds_late("busy", 0.01, since=loop.now - 0.02)

    assert loop.now - since > 5
    assert late > 0
    assert loop.pacing.is_behind("busy")


def test_who_asks_for_little_does_not_pay_for_what_nobody_is_measured_for(loop: Loop) -> None:
    """The loop is full of connections that come and go, while one group holds it for a sixth of the time."""
    for _ in range(300):
        loop.pacing.note_asking("quiet")
        loop.pacing.note_asking("anonymous")
        loop.now, loop.worked = loop.now + 0.03, loop.worked + 0.03
        assert loop.pacing.seconds_late("quiet", 0.005, since=loop.now - 0.03) == 0.0


def test_what_is_held_outside_of_turns_counts_too(loop: Loop) -> None:
    """Requests that end their turns early and are given up then."""
    for _ in range(100):
        loop.pacing.note_asking("quiet")
        loop.now, loop.worked = loop.now + 0.03, loop.worked + 0.03
        loop.pacing.note_held("busy", 0.025)

    assert loop.pacing.is_behind("busy")
    assert loop.request("busy", 0.001) > 0.005


def test_an_idle_loop_makes_nobody_dearer() -> None:
    unmeasured = Unmeasured(lambda: 7.0)
    for now in range(100):
        unmeasured.note(0.001, now=now)

    assert unmeasured.times() == 1.0


def test_work_without_any_request_makes_requests_twice_as_dear_at_most() -> None:
    worked = iter(range(1000))
    unmeasured = Unmeasured(lambda: next(worked))
    for now in range(100):
        unmeasured.note(0.001, now=now)

    assert unmeasured.times() == MOST
