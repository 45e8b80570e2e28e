from __future__ import annotations

import json
import time
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TypedDict, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics.counters import ZERO, Counters
from app.providers.mock.generator import mock_day, mulberry32, seed_of


class GoldenRow(TypedDict):
    seller_id: str
    entity_id: str
    date: str
    budget: str
    spend: str
    impressions: int
    link_clicks: int
    content_views: int
    add_to_cart: int
    checkout_initiated: int
    purchases: int
    purchase_value: str


GOLDEN = cast(
    "list[GoldenRow]",
    json.loads((Path(__file__).parents[1] / "vectors" / "mock_provider.json").read_text(encoding="utf-8")),
)


def micros(amount: str) -> int:
    return int(Decimal(amount) * 1_000_000)


def test_all_golden_rows_are_here() -> None:
    assert len(GOLDEN) == 24


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row['date']}-{row['budget']}")
def test_golden_row(row: GoldenRow) -> None:
    made = mock_day(row["seller_id"], row["entity_id"], date.fromisoformat(row["date"]), Decimal(row["budget"]))

    assert made == Counters(
        spend_micros=micros(row["spend"]),
        impressions=row["impressions"],
        link_clicks=row["link_clicks"],
        content_views=row["content_views"],
        add_to_cart=row["add_to_cart"],
        checkout_initiated=row["checkout_initiated"],
        purchases=row["purchases"],
        purchase_value_micros=micros(row["purchase_value"]),
    )


def test_mulberry32_gives_the_reference_outputs() -> None:
    # The outputs of the published JavaScript for seed 1.
    assert list(islice(mulberry32(1), 3)) == [2693262067, 11749833, 2265367787]


def test_seed_is_big_endian() -> None:
    # SHA-256 of "abc" begins ba 78 16 bf.
    assert seed_of("abc") == 0xBA7816BF


def test_part_of_a_day_scales_the_spend_before_rounding() -> None:
    day = date(2026, 3, 1)
    third = mock_day("s", "e", day, Decimal(100), day_fraction=Fraction(1, 3))

    assert third == mock_day("s", "e", day, Fraction(100, 3))
    assert mock_day("s", "e", day, Decimal(100), day_fraction=Fraction(0)) == ZERO
    assert mock_day("s", "e", day, Decimal(100), day_fraction=Fraction(1)) == mock_day("s", "e", day, Decimal(100))


@given(
    entity=st.text(min_size=1, max_size=40),
    day=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    budget=st.decimals(0, 1_000_000, places=2),
)
def test_a_row_stays_in_its_bounds(entity: str, day: date, budget: Decimal) -> None:
    row = mock_day("seller", entity, day, budget)
    half_a_cent = 5_000
    budget_micros = int(budget * 1_000_000)

    assert budget_micros * 85 // 100 - half_a_cent <= row.spend_micros <= budget_micros * 115 // 100 + half_a_cent
    assert row.spend_micros % 10_000 == 0
    assert row.impressions >= row.link_clicks >= row.content_views >= row.add_to_cart
    assert row.add_to_cart >= row.checkout_initiated >= row.purchases
    assert 35_000_000 * row.purchases <= row.purchase_value_micros <= 150_000_000 * row.purchases


def test_ten_thousand_rows_take_far_less_than_a_second() -> None:
    first, budget = date(2026, 1, 1), Fraction(100, 7)
    days = [first + timedelta(days=offset) for offset in range(100)]
    started = time.process_time()
    rows = [mock_day("seller", f"entity-{entity}", day, budget) for entity in range(100) for day in days]

    assert len(rows) == 10_000
    assert time.process_time() - started < 1.0
