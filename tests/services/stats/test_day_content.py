from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.metrics.counters import Counters
from app.providers.contract import InsightRow
from app.providers.insight_rows import Gap, rows_of
from app.services.stats.day_content import DayGaps, content_hash, fetched_days

DAY = date(2026, 3, 1)
RED = InsightRow(external_id="1", stat_date=DAY, counters=Counters(5, 4, 3), attribution_setting="7d_click")
BLUE = InsightRow(external_id="2", stat_date=DAY, counters=Counters(1, 2**62), attribution_setting=None)


def _hash(*rows: InsightRow) -> bytes:
    return content_hash(rows_of(rows))


def test_the_order_of_rows_and_what_is_not_stored_make_no_difference() -> None:
    renamed = BLUE._replace(name="Blue", campaign_external_id="9", reported_ratios={"cpm": "1"})
    assert _hash(RED, BLUE) == _hash(renamed, RED)
    assert len(_hash()) == 16


def test_the_hash_is_the_one_that_days_were_stored_with() -> None:
    assert _hash(RED, BLUE).hex() == "3d1836482f65b20839e9f2af3c522455"


@pytest.mark.parametrize(
    "others",
    [
        [RED],
        [RED, BLUE, BLUE._replace(external_id="3")],
        [RED, BLUE._replace(external_id="3")],
        [RED._replace(counters=RED.counters._replace(purchase_value_micros=1)), BLUE],
        [RED._replace(counters=Counters(5, 3, 4)), BLUE],
        [RED._replace(attribution_setting="1d_click"), BLUE],
        [RED._replace(counters=BLUE.counters), BLUE._replace(counters=RED.counters)],
        [],
    ],
)
def test_any_other_content_has_another_hash(others: list[InsightRow]) -> None:
    assert _hash(*others) != _hash(RED, BLUE)


def test_every_day_that_was_asked_for_is_there_once_with_each_entity_once() -> None:
    later = RED._replace(counters=Counters(9))
    outside = RED._replace(stat_date=DAY + timedelta(days=2))
    first, second = fetched_days(rows_of([RED, BLUE, outside, later]), DAY, DAY + timedelta(days=1))
    assert (first.stat_date, list(first.rows), first.content_hash) == (DAY, [later, BLUE], _hash(later, BLUE))
    assert (second.stat_date, list(second.rows)) == (DAY + timedelta(days=1), [])


NEXT = DAY + timedelta(days=1)
SPENT = frozenset({"spend_micros"})


@pytest.mark.parametrize(
    ("gap", "first", "second"),
    [
        (Gap("3", DAY), DayGaps(entities=frozenset({"3"})), DayGaps()),
        (Gap("3"), DayGaps(entities=frozenset({"3"})), DayGaps(entities=frozenset({"3"}))),
        (Gap("1"), DayGaps(), DayGaps(entities=frozenset({"1"}))),
        (Gap(None, DAY), DayGaps(is_open=True), DayGaps()),
        (Gap(), DayGaps(is_open=True), DayGaps(is_open=True)),
        (Gap("1", DAY, SPENT, 0), DayGaps(counters={"1": SPENT}), DayGaps()),
    ],
)
def test_a_day_has_the_gaps_that_may_be_its_own(gap: Gap, first: DayGaps, second: DayGaps) -> None:
    days = fetched_days(rows_of([RED, BLUE], [gap]), DAY, NEXT)
    assert [day.gaps for day in days] == [first, second]
    assert [day.content_hash is None for day in days] == [bool(first), bool(second)]


SHOWN = frozenset({"impressions"})
NEW = RED._replace(counters=Counters(8, 9, 3))


@pytest.mark.parametrize(
    ("gaps", "spend", "impressions", "unknown"),
    [
        ([Gap("1", DAY, SPENT, 0)], 8, 9, None),
        ([Gap("1", DAY, SPENT, 1)], 5, 9, None),
        ([Gap("1", DAY, SPENT, 0), Gap("1", DAY, SPENT, 1)], 8, 9, SPENT),
        ([Gap("1", DAY, SHOWN, 0), Gap("1", DAY, SPENT, 1)], 5, 9, None),
        ([Gap("1", DAY, SHOWN, 1), Gap("1", DAY, SPENT, 1)], 5, 4, None),
        ([Gap("1", DAY, SHOWN | SPENT, 0), Gap("1", DAY, SPENT, 1)], 8, 9, SPENT),
    ],
)
def test_what_cant_be_read_of_a_row_its_twin_tells(
    gaps: list[Gap], spend: int, impressions: int, unknown: frozenset[str] | None
) -> None:
    [day] = fetched_days(rows_of([RED, NEW, BLUE], gaps), DAY, DAY)
    [red, _] = day.rows
    assert (red.counters.spend_micros, red.counters.impressions) == (spend, impressions)
    assert day.gaps == (DayGaps(counters={"1": unknown}) if unknown else DayGaps())
    assert (day.content_hash is None) is bool(unknown)


def test_a_row_of_another_day_is_a_gap_where_its_entity_has_no_row() -> None:
    outside = RED._replace(stat_date=DAY + timedelta(days=2))
    first, second = fetched_days(rows_of([RED, outside]), DAY, NEXT)
    assert (first.gaps, second.gaps) == (DayGaps(), DayGaps(entities=frozenset({"1"})))


def test_a_day_without_rows_has_the_hash_of_nothing() -> None:
    [day] = fetched_days(rows_of([]), DAY, DAY)
    assert (day.content_hash, bool(day.gaps)) == (_hash(), False)
