"""Rows of one day in different currencies: most of them are believed, at a tie the account."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.metrics.counters import Counters
from app.providers.insight_rows import Gap, InsightRow, rows_of
from app.providers.sync_warnings import Subject, SyncWarnings
from app.services.stats.row_currencies import FOREIGN, in_one_currency

DAY = date(2026, 3, 1)
MONEY = frozenset({"spend_micros", "purchase_value_micros"})
WHOLE = Counters(5, 4, 3, purchase_value_micros=7)
ALONE = Counters(0, 4, 3)


def row(place: int, currency: str | None, day: date = DAY) -> InsightRow:
    return InsightRow(external_id=str(place), stat_date=day, counters=WHOLE, currency=currency)


@pytest.mark.parametrize(
    ("said", "kept", "odd"),
    [
        (["USD", "USD", "EUR"], "USD", [2]),
        (["EUR", "USD", "USD"], "USD", [0]),
        (["VND", "VND", "USD"], "VND", [2]),
        (["USD", "VND"], "USD", [1]),
        (["VND", None, "USD"], "USD", [0]),
        ([None, "EUR", None, None], "EUR", []),
        (["VND", "EUR"], "VND", [1]),
        (["EUR", "VND", "USD", "EUR", "JPY"], "EUR", [1, 2, 4]),
        ([None, None], None, []),
    ],
)
def test_a_row_of_another_currency_has_no_money(said: list[str | None], kept: str | None, odd: list[int]) -> None:
    warnings = SyncWarnings()
    found = in_one_currency(rows_of(row(*each) for each in enumerate(said)), usual="USD", warnings=warnings)
    assert set(found.currencies) - {None} == ({kept} if kept else set())
    assert [each.counters for each in found] == [ALONE if place in odd else WHOLE for place in range(len(said))]
    assert found.gaps == tuple(Gap(str(place), DAY, MONEY, place) for place in odd)
    assert [(each.subject, each.sentence, each.day, each.count) for each in warnings.list_warnings()] == (
        [(Subject.INSIGHTS_ROW, FOREIGN, DAY, len(odd))] if odd else []
    )


def test_a_whole_day_in_another_currency_is_not_odd() -> None:
    warnings, tomorrow = SyncWarnings(), DAY + timedelta(days=1)
    rows = rows_of([row(1, "USD"), row(2, "USD"), row(1, "VND", tomorrow), row(2, None, tomorrow)])
    assert in_one_currency(rows, usual="USD", warnings=warnings) is rows
    assert not warnings
