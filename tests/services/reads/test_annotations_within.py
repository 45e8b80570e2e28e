"""Marks are sorted into the ranges of a series by one pass."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from app.identifiers import new_id
from app.metrics.levels import Level
from app.metrics.ranges import DateRange
from app.queries.numbers.annotations import StatusMark
from app.services.reads.annotations import marks_within
from app.vocabulary import EntityStatus

if TYPE_CHECKING:
    from app.services.reads.annotations import DayMark


def on(day: int) -> DayMark:
    at, before, after = datetime(2026, 3, day, tzinfo=UTC), EntityStatus.ACTIVE, EntityStatus.PAUSED
    return date(2026, 3, day), StatusMark(at, new_id(), Level.AD, before, after, from_platform=False)


def days(first: int, last: int) -> DateRange:
    return DateRange(date(2026, 3, first), date(2026, 3, last))


def test_a_mark_is_in_the_range_of_its_day() -> None:
    marks = [on(day) for day in (2, 8, 9, 9, 15, 16)]
    found = marks_within(marks, [days(2, 8), days(9, 15), days(16, 17)])

    assert found == [[mark for _, mark in part] for part in (marks[:2], marks[2:5], marks[5:])]


def test_what_is_on_no_day_is_left_out() -> None:
    assert marks_within([on(1), on(4), on(8)], [days(2, 3), days(5, 7)]) == [[], []]
    assert marks_within([on(1)], []) == []


def test_the_order_is_kept_where_zones_disagree() -> None:
    """Of two accounts, the later mark is on the earlier day."""
    marks = [on(3), on(2), on(3)]

    assert marks_within(marks, [days(2, 3)]) == [[mark for _, mark in marks]]
