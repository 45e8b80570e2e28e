"""Once a day, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.metrics.ranges import DateRange, is_final
from app.services.work_requests.day_times import (
    final_since,
    ingestion_due,
    last_final_day,
    newest_day_over_everywhere,
    newest_due_day,
)

ZONES = ["UTC", "Asia/Ho_Chi_Minh", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "time_zone", "due"),
    [
        pytest.param("2026-11-20", "Asia/Ho_Chi_Minh", "2026-11-20T19:00", id="east"),
        pytest.param("2026-11-20", "America/Los_Angeles", "2026-11-21T10:00", id="west"),
        pytest.param("2026-03-07", "America/New_York", "2026-03-08T07:00", id="two-does-not-exist"),
        pytest.param("2026-10-24", "Europe/Berlin", "2026-10-25T00:00", id="two-exists-twice"),
        pytest.param("2026-10-25", "Europe/Berlin", "2026-10-26T01:00", id="the-day-after"),
    ],
)
def test_a_day_is_due_at_two_of_the_next(day: str, time_zone: str, due: str) -> None:
    assert ingestion_due(date.fromisoformat(day), time_zone) == at(due)


@pytest.mark.parametrize("time_zone", ZONES)
def test_every_day_of_a_year_becomes_due_exactly_once(time_zone: str) -> None:
    moment, end = at("2026-01-01T00:00"), at("2027-01-02T00:00")
    seen = [newest_due_day(moment, [time_zone])]
    while moment < end:
        moment += timedelta(minutes=30)
        newest = newest_due_day(moment, [time_zone])
        if newest != seen[-1]:
            assert ingestion_due(newest, time_zone) > moment - timedelta(minutes=30)
            seen.append(newest)
    assert seen == [seen[0] + timedelta(days=place) for place in range(len(seen))]
    assert len(seen) in {366, 367}


def test_the_earliest_zone_decides() -> None:
    zones = ["America/Los_Angeles", "Asia/Ho_Chi_Minh"]
    assert newest_due_day(at("2026-11-20T18:59"), zones) == date(2026, 11, 19)
    assert newest_due_day(at("2026-11-20T19:00"), zones) == date(2026, 11, 20)
    assert newest_due_day(at("2026-11-20T19:00"), zones[:1]) == date(2026, 11, 19)


@pytest.mark.parametrize("time_zone", ZONES)
def test_a_day_is_final_from_the_moment_that_the_contract_says(time_zone: str) -> None:
    day = date(2026, 10, 3)
    moment = final_since(day, time_zone)
    assert last_final_day(moment, time_zone) == day
    assert last_final_day(moment - timedelta(seconds=1), time_zone) == day - timedelta(days=1)
    assert is_final(DateRange(day, day), today=date(2026, 11, 1))
    assert not is_final(DateRange(day, day), today=date(2026, 10, 31))


@pytest.mark.parametrize(("hour", "day"), [(13, 20), (14, 21)])
def test_a_day_is_over_everywhere_when_it_is_where_it_ends_last(hour: int, day: int) -> None:
    assert newest_day_over_everywhere(datetime(2026, 11, 22, hour, tzinfo=UTC)) == date(2026, 11, day)
