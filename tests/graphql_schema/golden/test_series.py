"""Days, weeks and months one after the other: every one of them, clipped at the range, each in its zone."""

from __future__ import annotations

from typing import Any

from tests.graphql_schema.golden_figures import ALPHA, ALPHA_BEFORE, DOLLARS, EDO, NOTHING
from tests.graphql_schema.golden_world import EVERY_METRIC, WEEK, GoldenWorld

ENTITY = """
query ($range: DateRangeInput, $asOf: DateTime, $granularity: Granularity!, $name: String) {
  campaigns(range: $range, asOf: $asOf, filter: {name: $name}) { nodes {
    series(granularity: $granularity) { from to metrics { spend impressions roas } }
  } }
}
"""
EVERY = f"""
query ($range: DateRangeInput, $granularity: Granularity!) {{
  campaigns(range: $range, filter: {{name: "Alpha"}}) {{ nodes {{
    series(granularity: $granularity) {{
      from to metrics {{ {EVERY_METRIC} currency hasData syncedAt isFinal from to }} statusChanges {{ entityId }}
    }}
  }} }}
}}
"""
TOTALS = f"""
query ($range: DateRangeInput, $granularity: Granularity!) {{
  campaigns(range: $range, first: 1) {{
    series(granularity: $granularity) {{ currency points {{ from to metrics {{ {EVERY_METRIC} }} }} }}
  }}
}}
"""
TOTAL_SPENDS = """
query ($range: DateRangeInput, $asOf: DateTime, $granularity: Granularity!) {
  campaigns(range: $range, asOf: $asOf) {
    series(granularity: $granularity) { currency points { from to metrics { spend } } }
  }
}
"""


def custom(first: str, last: str) -> dict[str, Any]:
    return {"custom": {"from": first, "to": last}}


async def points(
    golden: GoldenWorld, name: str, granularity: str, days: dict[str, Any] = WEEK, as_of: str | None = None
) -> list[tuple[Any, ...]]:
    """First and last day (without the year), spend, impressions, roas."""
    data = await golden.ask(ENTITY, name=name, granularity=granularity, range=days, asOf=as_of)
    return [
        (point["from"][5:], point["to"][5:], *point["metrics"].values())
        for point in data["campaigns"]["nodes"][0]["series"]
    ]


async def total_points(golden: GoldenWorld, granularity: str, **arguments: Any) -> dict[str, list[tuple[str, ...]]]:
    """By currency: first and last day (without the year), spend."""
    data = await golden.ask(TOTAL_SPENDS, granularity=granularity, **arguments)
    return {
        series["currency"]: [
            (point["from"][5:], point["to"][5:], point["metrics"]["spend"]) for point in series["points"]
        ]
        for series in data["campaigns"]["series"]
    }


async def test_days_without_a_row_are_zero(golden: GoldenWorld) -> None:
    assert await points(golden, "Alpha", "DAY") == [
        ("03-02", "03-02", "40.06", 6000, 2.4992),  # 40.0625; 100.125 / 40.0625 = 2.499219…
        ("03-03", "03-03", "0.00", 0, 0.0),
        ("03-04", "03-04", "30.06", 5000, 2.9958),  # 30.0625; 90.0625 / 30.0625 = 2.995841…
        ("03-05", "03-05", "0.00", 0, 0.0),
        ("03-06", "03-06", "0.00", 0, 0.0),
        ("03-07", "03-07", "0.00", 0, 0.0),
        ("03-08", "03-08", "30.00", 5000, 2.0042),  # 60.125 / 30 = 2.004166…
    ]
    assert await points(golden, "Dune", "DAY", custom("2026-03-01", "2026-03-02")) == [
        ("03-01", "03-01", "0.00", 0, 0.0),
        ("03-02", "03-02", "0.00", 0, 0.0),
    ]


async def test_the_short_day_is_one_day(golden: GoldenWorld) -> None:
    assert await points(golden, "Coast", "DAY", custom("2026-03-06", "2026-03-10")) == [
        ("03-06", "03-06", "0.00", 0, 0.0),
        ("03-07", "03-07", "8.00", 1000, 2.0),  # 16 / 8
        ("03-08", "03-08", "12.00", 1400, 2.0001),  # 24.001 / 12 = 2.000083…
        ("03-09", "03-09", "0.00", 0, 0.0),
        ("03-10", "03-10", "0.00", 0, 0.0),
    ]


async def test_weeks_start_on_monday_and_end_with_the_range(golden: GoldenWorld) -> None:
    assert await points(golden, "Alpha", "WEEK", custom("2026-02-24", "2026-03-09")) == [
        ("02-24", "03-01", "80.10", 12000, 1.2484),  # 50 + 30.1; 100 / 80.1 = 1.248439…
        ("03-02", "03-08", "100.13", 16000, 2.5),  # 40.0625 + 30.0625 + 30 = 100.125; 250.3125 / 100.125
        ("03-09", "03-09", "1.01", 100, 0.0),  # 1.005
    ]
    assert await points(golden, "Alpha", "WEEK", custom("2026-02-25", "2026-03-01")) == [
        ("02-25", "03-01", "30.10", 2000, 0.0),  # without the 50 of the 24th
    ]
    assert await points(golden, "Alpha", "WEEK", custom("2026-03-08", "2026-03-09")) == [
        ("03-08", "03-08", "30.00", 5000, 2.0042),  # a Sunday; 60.125 / 30 = 2.004166…
        ("03-09", "03-09", "1.01", 100, 0.0),  # a Monday
    ]


async def test_months_are_clipped_on_both_sides(golden: GoldenWorld) -> None:
    assert await points(golden, "Alpha", "MONTH", custom("2025-12-31", "2026-03-04")) == [
        ("12-31", "12-31", "0.00", 0, 0.0),
        ("01-01", "01-31", "0.00", 0, 0.0),
        ("02-01", "02-28", "50.00", 10000, 2.0),  # 100 / 50
        (
            "03-01",
            "03-04",
            "100.23",
            13000,
            1.8976,
        ),  # 30.1 + 40.0625 + 30.0625 = 100.225; 190.1875 / 100.225 = 1.897605…
    ]


async def test_every_metric_of_a_week(golden: GoldenWorld) -> None:
    data = await golden.ask(EVERY, range=custom("2026-02-23", "2026-03-08"), granularity="WEEK")

    def point(first: str, last: str, synced: str, figures: dict[str, Any]) -> dict[str, Any]:
        facts = {"currency": "USD", "hasData": True, "syncedAt": synced, "isFinal": False, "from": first, "to": last}
        return {"from": first, "to": last, "metrics": {**figures, **facts}, "statusChanges": []}

    assert data["campaigns"]["nodes"][0]["series"] == [
        point("2026-02-23", "2026-03-01", "2026-03-03T00:00:00+00:00", ALPHA_BEFORE),
        point("2026-03-02", "2026-03-08", "2026-03-08T17:25:00+00:00", ALPHA),
    ]


async def test_what_is_said_of_days_without_a_row(golden: GoldenWorld) -> None:
    data = await golden.ask(EVERY, range=custom("2026-02-08", "2026-02-09"), granularity="DAY")

    def day(date: str, *, final: bool) -> dict[str, Any]:
        facts = {"currency": "USD", "hasData": False, "syncedAt": None, "isFinal": final, "from": date, "to": date}
        return {"from": date, "to": date, "metrics": {**NOTHING, **facts}, "statusChanges": []}

    # 29 and 28 days before Hanoi's 9 March.
    assert data["campaigns"]["nodes"][0]["series"] == [day("2026-02-08", final=True), day("2026-02-09", final=False)]


async def test_every_metric_of_every_currencys_total(golden: GoldenWorld) -> None:
    data = await golden.ask(TOTALS, range=WEEK, granularity="MONTH")

    days = {"from": "2026-03-02", "to": "2026-03-08"}
    assert data["campaigns"]["series"] == [
        {"currency": "JPY", "points": [{**days, "metrics": EDO}]},
        {"currency": "USD", "points": [{**days, "metrics": DOLLARS}]},
    ]


async def test_days_of_the_totals(golden: GoldenWorld) -> None:
    assert await total_points(golden, "DAY", range=custom("2026-03-02", "2026-03-05")) == {
        "JPY": [
            ("03-02", "03-02", "0"),
            ("03-03", "03-03", "0"),
            ("03-04", "03-04", "0"),
            ("03-05", "03-05", "1501"),  # 1500.5
        ],
        "USD": [
            ("03-02", "03-02", "40.06"),  # 40.0625
            ("03-03", "03-03", "50.00"),  # the archived campaign's
            ("03-04", "03-04", "30.06"),  # 30.0625
            ("03-05", "03-05", "0.00"),
        ],
    }


async def test_each_account_adds_its_own_today(golden: GoldenWorld) -> None:
    assert await total_points(golden, "DAY", range={"preset": "TODAY"}) == {
        "JPY": [("03-09", "03-09", "0")],
        # Coast's alone, without the 30 of Alpha's 8 March; then Alpha's alone.
        "USD": [("03-08", "03-08", "12.00"), ("03-09", "03-09", "1.01")],
    }


async def test_a_series_may_have_another_range_than_its_list(golden: GoldenWorld) -> None:
    data = await golden.ask(
        """
        query ($range: DateRangeInput, $own: DateRangeInput) {
          campaigns(range: $range, filter: {name: "Alpha"}) {
            series(granularity: WEEK, range: $own) { points { from to metrics { spend } } }
            nodes { metrics { spend } series(granularity: WEEK, range: $own) { from to metrics { spend } } }
          }
        }
        """,
        range=WEEK,
        own=custom("2026-03-01", "2026-03-02"),
    )

    own = [
        {"from": "2026-03-01", "to": "2026-03-01", "metrics": {"spend": "30.10"}},
        {"from": "2026-03-02", "to": "2026-03-02", "metrics": {"spend": "40.06"}},  # 40.0625
    ]
    assert data["campaigns"] == {
        "series": [{"points": own}],
        "nodes": [{"metrics": {"spend": "100.13"}, "series": own}],
    }


async def test_a_series_of_a_past_moment(golden: GoldenWorld) -> None:
    days = custom("2026-03-02", "2026-03-04")

    assert await points(golden, "Alpha", "DAY", days, "2026-03-02T18:00:00+00:00") == [
        ("03-02", "03-02", "38.00", 5800, 1.3158),  # 50 / 38 = 1.315789…
        ("03-03", "03-03", "0.00", 0, 0.0),
        ("03-04", "03-04", "0.00", 0, 0.0),
    ]
    # After the last word on 2 March, after Beta's 3 March, before the first on Alpha's 4 March.
    assert await total_points(golden, "DAY", range=days, asOf="2026-03-05T00:30:00+00:00") == {
        "JPY": [("03-02", "03-02", "0"), ("03-03", "03-03", "0"), ("03-04", "03-04", "0")],
        "USD": [("03-02", "03-02", "40.06"), ("03-03", "03-03", "50.00"), ("03-04", "03-04", "0.00")],
    }
