from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.metrics.counters import Counters
from app.providers.contract import InsightRow
from app.services.day_content import content_hash, fetched_days

DAY = date(2026, 3, 1)
RED = InsightRow(external_id="1", stat_date=DAY, counters=Counters(5, 4, 3), attribution_setting="7d_click")
BLUE = InsightRow(external_id="2", stat_date=DAY, counters=Counters(1, 2**62), attribution_setting=None)


def test_the_order_of_rows_and_what_is_not_stored_make_no_difference() -> None:
    renamed = BLUE._replace(name="Blue", campaign_external_id="9", reported_ratios={"cpm": "1"})
    assert content_hash([RED, BLUE]) == content_hash([renamed, RED])
    assert len(content_hash([])) == 16


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
    assert content_hash(others) != content_hash([RED, BLUE])


def test_every_day_that_was_asked_for_is_there_once_with_each_entity_once() -> None:
    later = RED._replace(counters=Counters(9))
    outside = RED._replace(stat_date=DAY + timedelta(days=2))
    first, second = fetched_days([RED, BLUE, outside, later], DAY, DAY + timedelta(days=1))
    assert (first.stat_date, list(first.rows), first.content_hash) == (DAY, [later, BLUE], content_hash([later, BLUE]))
    assert (second.stat_date, list(second.rows), second.content_hash) == (DAY + timedelta(days=1), [], content_hash([]))
