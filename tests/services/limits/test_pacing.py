"""Half of the event loop stays free for those who ask for little: by a clock that the test moves."""

from __future__ import annotations

import pytest

from app.services.limits.pacing import ASKING_SECONDS, CREDIT_SECONDS, Pacing


class Loop:
    """An event loop that requests hold, and a pacing of them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pacing = Pacing(lambda: self.now)

    def request(self, group: str, seconds: float) -> float:
        """One that holds the loop from its begin to its end; returns how much later its turn ends."""
        since = self.now
        self.pacing.note_asking(group)
        self.now += seconds
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


def test_who_asks_alone_is_never_held_up(loop: Loop) -> None:
    assert loop.flood(["busy"], seconds=60, each=0.02)["busy"] == pytest.approx(60, abs=0.1)


def test_beside_another_a_flood_holds_half_of_the_time(loop: Loop) -> None:
    held = loop.flood(["busy"], seconds=60, each=0.02, beside="quiet")

    assert 29 < held["busy"] < 30 + 2 * CREDIT_SECONDS


def test_several_floods_share_the_half(loop: Loop) -> None:
    held = loop.flood(["one", "two", "three"], seconds=60, each=0.02, beside="quiet")

    assert sum(held.values()) < 31 + 3 * 2 * CREDIT_SECONDS
    assert min(held.values()) > 9


def test_a_page_that_asks_much_at_once_is_not_held_up(loop: Loop) -> None:
    loop.pacing.note_asking("other")

    assert [loop.request("page", CREDIT_SECONDS / 10) for _ in range(10)] == [0.0] * 10


def test_who_asks_for_less_than_half_is_not_slowed_down(loop: Loop) -> None:
    for _ in range(500):
        loop.pacing.note_asking("other")
        assert loop.request("steady", 0.04) < 0.05
        loop.now += 0.05


def test_who_asks_for_less_than_its_part_is_not_behind_with_those_who_ask_for_more(loop: Loop) -> None:
    late: list[float] = []
    for _ in range(300):
        late = [loop.request(group, 0.03) for group in ("one", "two", "three")]
        assert loop.request("fourth", 0.02) == 0.0
    assert min(late) > 0


def test_a_flood_is_held_up_at_once_when_another_comes(loop: Loop) -> None:
    loop.flood(["busy"], seconds=60, each=0.02)
    loop.pacing.note_asking("quiet")

    assert loop.request("busy", 0.02) > 0.015


def test_a_flood_is_let_go_when_the_other_has_gone(loop: Loop) -> None:
    loop.flood(["busy"], seconds=10, each=0.02, beside="quiet")
    loop.now += 1.1 * ASKING_SECONDS

    assert loop.request("busy", 0.02) == 0.0


def test_floods_do_not_hold_up_each_other_where_no_one_else_asks(loop: Loop) -> None:
    held = loop.flood(["one", "two"], seconds=60, each=0.02)

    assert sum(held.values()) > 59


def test_a_long_answer_that_others_went_before_is_not_held_up(loop: Loop) -> None:
    since = loop.now
    loop.pacing.note_asking("large")
    loop.now += 10
    loop.pacing.note_asking("other")

    assert loop.pacing.seconds_late("large", 2.5, since=since) == 0.0
    assert loop.pacing.seconds_late("large", 6.0, since=since) > 0.0


def test_quiet_groups_are_forgotten(loop: Loop) -> None:
    for number in range(1000):
        loop.request(f"seller {number}", 0.005)
        loop.now += 0.1

    assert len(loop.pacing) < 30
