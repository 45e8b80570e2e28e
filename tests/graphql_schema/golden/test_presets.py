"""Presets that mean other days in other zones, on the days when American clocks go forward."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.graphql_schema.golden_world import NOW, GoldenWorld

DAYS = """
query ($range: DateRangeInput, $asOf: DateTime) {
  campaigns(range: $range, asOf: $asOf, filter: {status: [ACTIVE]}, orderBy: {field: NAME}) {
    nodes { name metrics { from to spend } }
    summaries { currency from to spend }
  }
}
"""


async def found(golden: GoldenWorld, preset: str, *, now: datetime = NOW, **arguments: Any) -> list[tuple[str, ...]]:
    """Whose (three campaigns, then the total of each currency), first day, last day, spend."""
    data = (await golden.ask(DAYS, now=now, range={"preset": preset}, **arguments))["campaigns"]
    rows = [(node["name"], node["metrics"]) for node in data["nodes"]]
    rows += [(total["currency"], total) for total in data["summaries"]]
    return [(name, metrics["from"][5:], metrics["to"][5:], metrics["spend"]) for name, metrics in rows]


async def test_today_is_two_dates(golden: GoldenWorld) -> None:
    assert await found(golden, "TODAY") == [
        ("Alpha", "03-09", "03-09", "1.01"),  # 1.005
        ("Coast", "03-08", "03-08", "12.00"),
        ("Edo", "03-09", "03-09", "0"),
        ("JPY", "03-09", "03-09", "0"),
        ("USD", "03-08", "03-09", "13.01"),  # 1.005 + 12 = 13.005; without the 30 of Alpha's 8 March
    ]


async def test_yesterday_is_two_dates(golden: GoldenWorld) -> None:
    assert await found(golden, "YESTERDAY") == [
        ("Alpha", "03-08", "03-08", "30.00"),
        ("Coast", "03-07", "03-07", "8.00"),
        ("Edo", "03-08", "03-08", "0"),
        ("JPY", "03-08", "03-08", "0"),
        ("USD", "03-07", "03-08", "38.00"),  # 30 + 8; without the 12 of Coast's 8 March
    ]


async def test_a_week_ends_on_sunday_in_los_angeles_and_began_on_monday_in_hanoi(golden: GoldenWorld) -> None:
    assert await found(golden, "THIS_WEEK") == [
        ("Alpha", "03-09", "03-09", "1.01"),
        ("Coast", "03-02", "03-08", "20.00"),  # 8 + 12
        ("Edo", "03-09", "03-09", "0"),
        ("JPY", "03-09", "03-09", "0"),
        ("USD", "03-02", "03-09", "21.01"),  # 1.005 + 20 = 21.005
    ]
    assert await found(golden, "LAST_WEEK") == [
        ("Alpha", "03-02", "03-08", "100.13"),  # 40.0625 + 30.0625 + 30 = 100.125
        ("Coast", "02-23", "03-01", "10.00"),
        ("Edo", "03-02", "03-08", "1501"),  # 1500.5
        ("JPY", "03-02", "03-08", "1501"),
        ("USD", "02-23", "03-08", "110.13"),  # 100.125 + 10 = 110.125
    ]


async def test_months_and_days_back(golden: GoldenWorld) -> None:
    assert await found(golden, "THIS_MONTH") == [
        ("Alpha", "03-01", "03-09", "131.23"),  # 30.1 + 40.0625 + 30.0625 + 30 + 1.005 = 131.23
        ("Coast", "03-01", "03-08", "20.00"),
        ("Edo", "03-01", "03-09", "1501"),
        ("JPY", "03-01", "03-09", "1501"),
        ("USD", "03-01", "03-09", "151.23"),  # 131.23 + 20
    ]
    assert await found(golden, "LAST_MONTH") == [
        ("Alpha", "02-01", "02-28", "50.00"),
        ("Coast", "02-01", "02-28", "10.00"),
        ("Edo", "02-01", "02-28", "1000"),
        ("JPY", "02-01", "02-28", "1000"),
        ("USD", "02-01", "02-28", "60.00"),
    ]
    assert await found(golden, "LAST_7_DAYS") == [
        ("Alpha", "03-03", "03-09", "61.07"),  # 30.0625 + 30 + 1.005 = 61.0675
        ("Coast", "03-02", "03-08", "20.00"),
        ("Edo", "03-03", "03-09", "1501"),
        ("JPY", "03-03", "03-09", "1501"),
        ("USD", "03-02", "03-09", "81.07"),  # 61.0675 + 20 = 81.0675
    ]


@pytest.mark.parametrize(
    ("now", "today", "yesterday"),
    [
        # The short day begins at 08:00 UTC and ends at 07:00 UTC.
        (datetime(2026, 3, 8, 7, 59, 59, tzinfo=UTC), "03-07", "03-06"),
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), "03-08", "03-07"),
        (datetime(2026, 3, 9, 6, 59, 59, tzinfo=UTC), "03-08", "03-07"),
        (datetime(2026, 3, 9, 7, 0, tzinfo=UTC), "03-09", "03-08"),
    ],
)
async def test_the_short_day_has_23_hours(golden: GoldenWorld, now: datetime, today: str, yesterday: str) -> None:
    spends = {"03-06": "0.00", "03-07": "8.00", "03-08": "12.00", "03-09": "0.00"}

    assert (await found(golden, "TODAY", now=now))[1] == ("Coast", today, today, spends[today])
    assert (await found(golden, "YESTERDAY", now=now))[1] == ("Coast", yesterday, yesterday, spends[yesterday])


@pytest.mark.parametrize(
    ("as_of", "alpha", "coast"),
    [
        # The last instant of 8 March in Hanoi: its snapshot of 10:00, Los Angeles' of 08:30.
        ("2026-03-08T16:59:59.999999+00:00", ("03-08", "12.00"), ("03-08", "1.00")),
        # The first of 9 March: nothing yet of that day.
        ("2026-03-08T17:00:00+00:00", ("03-09", "0.00"), ("03-08", "1.00")),
        # The last instant of 7 March in Los Angeles: its snapshot of 07:59; Alpha's first one came at 10:00.
        ("2026-03-08T07:59:59+00:00", ("03-08", "0.00"), ("03-07", "7.00")),
        ("2026-03-08T08:00:00+00:00", ("03-08", "0.00"), ("03-08", "0.00")),
    ],
)
async def test_today_of_a_past_moment(
    golden: GoldenWorld, as_of: str, alpha: tuple[str, str], coast: tuple[str, str]
) -> None:
    assert (await found(golden, "TODAY", asOf=as_of))[:2] == [
        ("Alpha", alpha[0], alpha[0], alpha[1]),
        ("Coast", coast[0], coast[0], coast[1]),
    ]
