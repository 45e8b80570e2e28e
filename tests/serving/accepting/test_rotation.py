"""Whose item is next, and who loses one."""

from __future__ import annotations

from app.serving.accepting.rotation import Rotation


def _rotation(*items: str) -> Rotation[str]:
    """Items such as `a1`, the first of the address `a`."""
    made = Rotation[str]()
    for item in items:
        made.add(item[0], item)
    return made


def _rest(rotation: Rotation[str]) -> list[str]:
    taken: list[str] = []
    while rotation:
        address = rotation.next_address()
        taken.append(rotation.take())
        assert taken[-1][0] == address
    return taken


def test_each_address_has_one_taken_before_any_has_a_second() -> None:
    rotation = _rotation("a1", "a2", "a3", "b1", "b2", "c1")
    assert len(rotation) == 6
    assert _rest(rotation) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_newcomer_comes_after_those_that_wait_and_before_their_next() -> None:
    rotation = _rotation("a1", "a2", "b1")
    assert rotation.take() == "a1"
    rotation.add("c", "c1")
    assert _rest(rotation) == ["b1", "a2", "c1"]


def test_the_newest_of_the_address_with_the_most_is_taken_out_and_no_turn_is_lost() -> None:
    rotation = _rotation("a1", "b1", "b2", "b3", "c1", "c2")
    assert rotation.take_newest_of_the_most() == "b3"
    assert (len(rotation), list(rotation)) == (5, ["a1", "b1", "b2", "c1", "c2"])
    assert _rest(rotation) == ["a1", "b1", "c1", "b2", "c2"]


def test_an_address_is_forgotten_with_its_last_item() -> None:
    rotation = _rotation("a1")
    assert rotation.take_newest_of_the_most() == "a1"
    assert not rotation
    rotation.add("b", "b1")
    assert _rest(rotation) == ["b1"]


def test_a_cleared_one_is_empty_and_can_be_filled_again() -> None:
    rotation = _rotation("a1", "b1")
    rotation.clear()
    assert (len(rotation), list(rotation)) == (0, [])
    rotation.add("b", "b2")
    assert _rest(rotation) == ["b2"]
