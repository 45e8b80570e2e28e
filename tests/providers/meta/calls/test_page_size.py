from __future__ import annotations

from app.providers.meta.calls.page_size import PageSize, PageSizes


def test_two_walks_that_meet_the_same_heavy_page_halve_it_once() -> None:
    size = PageSize()

    assert [size.shrink(500), size.value] == [True, 250]
    assert [size.shrink(500), size.value] == [True, 250]
    assert [size.shrink(250), size.value] == [True, 125]


def test_pages_under_the_smallest_are_not_asked_for() -> None:
    size = PageSize(31)

    assert [size.shrink(31), size.value] == [True, 25]
    assert [size.shrink(25), size.value] == [False, 25]


def test_a_size_is_settled_by_a_page_that_came() -> None:
    size = PageSize()
    size.settle(125)
    for _ in range(3):
        size.settle(125)
    assert size.value == 125
    size.settle(125)

    assert size.value == 250


def test_a_heavy_page_begins_the_count_of_good_ones_anew() -> None:
    size = PageSize()
    size.shrink(500)
    size.shrink(250)
    for _ in range(4):
        size.note_good_page()
    size.shrink(125)
    for _ in range(4):
        size.note_good_page()
    assert size.value == 62
    size.note_good_page()
    assert size.value == 124


def _good_pages_until(size: PageSize, value: int) -> int:
    count = 0
    while size.value < value:
        size.note_good_page()
        count += 1
    return count


def test_who_tried_a_larger_page_in_vain_waits_twice_as_long() -> None:
    size = PageSize(1000)
    size.shrink(1000)
    waits: list[int] = []
    for _ in range(9):
        waits.append(_good_pages_until(size, 1000))
        size.shrink(1000)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 640]


def test_a_size_that_held_is_tried_again_as_soon_as_ever() -> None:
    size = PageSize(1000)
    size.shrink(1000)
    assert _good_pages_until(size, 1000) == 5
    size.shrink(1000)
    assert _good_pages_until(size, 1000) == 10
    for _ in range(5):
        size.note_good_page()
    size.shrink(1000)
    assert _good_pages_until(size, 1000) == 5


def test_growing_stops_at_the_largest() -> None:
    size = PageSize(300)
    size.shrink(300)
    for _ in range(20):
        size.note_good_page()

    assert size.value == 300


def test_sizes_are_kept_by_account_and_edge_and_the_least_used_are_let_go() -> None:
    sizes = PageSizes(remembered=2)
    sizes.get_size("act_1", "ads").shrink(500)
    sizes.get_size("act_2", "ads").shrink(500)

    assert sizes.get_size("act_1", "ads").value == 250
    assert sizes.get_size("act_1", "adsets").value == 500
    assert sizes.get_size("act_1", "ads").value == 250
    assert sizes.get_size("act_2", "ads").value == 500
