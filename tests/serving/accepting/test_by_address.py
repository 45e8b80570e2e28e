"""Which address has the most, whatever comes and goes."""

from __future__ import annotations

import random

from app.serving.accepting.by_address import ByAddress


def test_the_oldest_and_the_newest_are_those_of_the_address_with_the_most() -> None:
    found = ByAddress[str]()
    for address, item in [("a", "a1"), ("b", "b1"), ("b", "b2"), ("b", "b3"), ("a", "a2")]:
        found.add(address, item)
    assert (found.oldest_of_the_most(), found.newest_of_the_most()) == ("b1", "b3")
    found.discard("b", "b1")
    assert (len(found), found.oldest_of_the_most()) == (4, "a1")  # which had two first
    found.discard("b", "unknown")
    found.discard("c", "c1")
    assert len(found) == 4


def test_among_equals_the_first_and_the_last_to_have_as_many_are_found() -> None:
    found = ByAddress[str]()
    for address in "abc":
        found.add(address, f"{address}1")
    assert (found.oldest_of_the_most(), found.newest_of_the_most()) == ("a1", "c1")


def test_it_is_right_after_any_changes() -> None:
    chosen, found, held = random.Random(7), ByAddress[int](), dict[int, str]()
    for number in range(3_000):
        if held and chosen.random() < 0.5:
            item = chosen.choice(list(held))
            found.discard(held.pop(item), item)
        else:
            held[number] = f"192.0.2.{chosen.randrange(20)}"
            found.add(held[number], number)
        counts = [list(held.values()).count(address) for address in set(held.values())]
        assert len(found) == len(held)
        if held:
            assert list(held.values()).count(held[found.oldest_of_the_most()]) == max(counts)
            assert list(held.values()).count(held[found.newest_of_the_most()]) == max(counts)
