"""How many file descriptors there are for connections, by the limits of the operating system."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from app.serving.accepting.descriptors import OWN, allow_descriptors, descriptors_beside

if TYPE_CHECKING:
    from collections.abc import Callable

    Limits = tuple[int, int]

NONE = resource.RLIM_INFINITY


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], list[Limits]]:
    """Sets the soft and the hard limit; returns what is made of them, at the end of a list."""

    def limit(soft: int, hard: int) -> list[Limits]:
        found = [(soft, hard)]

        def read(_which: int) -> Limits:
            return found[-1]

        def change(_which: int, limits: Limits) -> None:
            found.append(limits)

        monkeypatch.setattr(resource, "getrlimit", read)
        monkeypatch.setattr(resource, "setrlimit", change)
        return found

    return limit


@pytest.mark.parametrize(
    ("soft", "hard", "wanted"),
    [
        (256, 100_000, 1_000 + OWN),
        (256, NONE, 1_000 + OWN),
        (256, 1_000, 1_000),
        (1_000 + OWN - 1, 100_000, 1_000 + OWN),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_the_hard_one_allows(
    limited: Callable[[int, int], list[Limits]], soft: int, hard: int, wanted: int
) -> None:
    found = limited(soft, hard)
    allow_descriptors(1_000)
    assert found == [(soft, hard), (wanted, hard)]


@pytest.mark.parametrize(("soft", "hard"), [(1_000 + OWN, 100_000), (50_000, 100_000), (NONE, NONE), (800, 800)])
def test_a_limit_that_is_enough_or_the_most_there_can_be_stays(
    limited: Callable[[int, int], list[Limits]], soft: int, hard: int
) -> None:
    found = limited(soft, hard)
    allow_descriptors(1_000)
    assert found == [(soft, hard)]


@pytest.mark.parametrize("error", [ValueError, OSError])
def test_a_system_that_refuses_leaves_the_limit(
    limited: Callable[[int, int], list[Limits]], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    found = limited(256, NONE)

    def refuse(_which: int, _limits: Limits) -> None:
        raise error

    monkeypatch.setattr(resource, "setrlimit", refuse)
    allow_descriptors(1_000)
    assert found == [(256, NONE)]


@pytest.mark.parametrize(
    ("soft", "most", "beside"),
    [
        (NONE, 2_000, 2_000),
        (100_000, 2_000, 2_000),
        (800 + OWN + 2_000, 2_000, 2_000),
        (800 + OWN + 1_999, 2_000, 1_999),
        (800 + OWN, 2_000, 0),
        (256, 2_000, 0),
    ],
)
def test_what_connections_leave_is_for_those_that_wait(
    limited: Callable[[int, int], list[Limits]], soft: int, most: int, beside: int
) -> None:
    limited(soft, NONE)
    assert descriptors_beside(800, most=most) == beside


def test_the_limit_of_this_process_is_read_and_never_lowered() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_descriptors(0)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    assert descriptors_beside(0, most=1) in {0, 1}
