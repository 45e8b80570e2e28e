from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.metrics.counters import Counters
from app.providers.insight_rows import Gap, InsightRow, chain_rows, rows_of

_TEXTS = st.sampled_from([None, "", "11", "Grüße \"'\\"])
_ROWS = st.builds(
    InsightRow,
    external_id=st.sampled_from(["1", "2"]),
    stat_date=st.sampled_from([date(2026, 3, 1), date(2026, 3, 2)]),
    counters=st.builds(Counters, st.integers(0, 2**62), st.integers(0, 2**62)),
    reported_ratios=st.dictionaries(st.sampled_from(["cpm", "ctr", "cpc"]), st.sampled_from(["0", "14.777595"])),
    attribution_setting=_TEXTS,
    name=_TEXTS,
    campaign_external_id=_TEXTS,
    currency=st.sampled_from([None, "EUR", "VND"]),
    adset_name=_TEXTS,
)
_LISTS = st.lists(_ROWS, max_size=4)


@given(_LISTS)
def test_rows_by_columns_are_the_same_rows(rows: list[InsightRow]) -> None:
    assert list(rows_of(rows)) == rows
    assert len(rows_of(rows)) == len(rows)


@given(st.lists(_LISTS, max_size=3))
def test_pages_are_chained_in_their_order(pages: list[list[InsightRow]]) -> None:
    assert list(chain_rows(map(rows_of, pages))) == [row for page in pages for row in page]


def test_gaps_of_rows_keep_their_rows_when_pages_are_chained() -> None:
    row = InsightRow("1", date(2026, 3, 1), Counters())
    gap = Gap("1", row.stat_date, frozenset({"impressions"}), 0)
    pages = [rows_of([row]), rows_of([row, row], [gap._replace(place=1), Gap("2")]), rows_of([row], [gap])]
    assert chain_rows(pages).gaps == (gap._replace(place=2), Gap("2"), gap._replace(place=3))


@given(_LISTS, st.data())
def test_rows_are_picked_in_the_order_of_their_places(rows: list[InsightRow], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.sampled_from(range(len(rows))), max_size=5)) if rows else []
    assert list(rows_of(rows).pick(places)) == [rows[place] for place in places]
