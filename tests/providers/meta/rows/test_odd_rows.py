"""Insight rows of which something can't be read: what it costs, and what is said of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

import pytest

from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.insight_rows import Gap
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from app.providers.contract import InsightRows
    from app.providers.meta.provider import MetaProvider
    from tests.providers.conftest import ScriptedGraph

DAY = date(2026, 3, 1)
ROW: dict[str, object] = {
    "ad_id": "31",
    "date_start": "2026-03-01",
    "date_stop": "2026-03-01",
    "spend": "5339.5",
    "impressions": "361324",
    "inline_link_clicks": "1045",
}


async def collect_rows(meta: MetaProvider, level: Level = Level.AD) -> list[InsightRows]:
    return [page async for page in meta.read_insights(level, DAY, DAY)]


SPENT, SHOWN = frozenset({"spend_micros"}), frozenset({"impressions"})
ACTED = frozenset({"content_views", "add_to_cart", "checkout_initiated", "purchases"})


ODD_COUNTERS: list[tuple[dict[str, object], frozenset[str]]] = [
    ({"spend": "1,50"}, SPENT),
    ({"spend": "NaN"}, SPENT),
    ({"spend": "1e300"}, SPENT),
    ({"spend": {"amount": "1"}}, SPENT),
    ({"spend": ""}, SPENT),
    ({"impressions": "many"}, SHOWN),
    ({"impressions": True}, SHOWN),
    ({"impressions": "9" * 19}, SHOWN),
    ({"impressions": "1" + "0" * 11}, SHOWN),
    ({"impressions": "-1" + "0" * 11}, SHOWN),
    ({"inline_link_clicks": "1" + "0" * 10}, frozenset({"link_clicks"})),
    ({"actions": [{"action_type": "omni_purchase", "value": "1e10"}]}, frozenset({"purchases"})),
    ({"spend": "1" + "0" * 11}, SPENT),
    ({"action_values": [{"action_type": "purchase", "value": "1e11"}]}, frozenset({"purchase_value_micros"})),
    ({"spend": "x", "impressions": "x"}, SPENT | SHOWN),
    ({"actions": {"purchase": 1}}, ACTED),
    ({"actions": ["purchase"]}, ACTED),
    ({"actions": [{"value": "1"}]}, ACTED),
    ({"actions": [{"action_type": "omni_purchase", "value": "1"}, None]}, ACTED - {"purchases"}),
    ({"actions": [{"action_type": "purchase", "value": "1"}, None]}, ACTED),
    ({"actions": [{"action_type": "purchase", "value": "x"}]}, frozenset({"purchases"})),
    ({"actions": [{"action_type": "lead", "value": "x"}]}, frozenset()),
    ({"action_values": "x"}, frozenset({"purchase_value_micros"})),
]


@pytest.mark.parametrize(("changes", "unknown"), ODD_COUNTERS)
async def test_a_counter_that_cant_be_read_is_not_known_and_the_others_are(
    meta: MetaProvider, graph: ScriptedGraph, changes: dict[str, object], unknown: frozenset[str]
) -> None:
    graph.answer_pages([{**ROW, **changes}])
    [rows] = await collect_rows(meta)

    row = next(iter(rows))
    right = Counters(spend_micros=5_339_500_000, impressions=361_324, link_clicks=1045)
    assert {name: number for name, number in row.counters._asdict().items() if name not in unknown | ACTED} == {
        name: number for name, number in right._asdict().items() if name not in unknown | ACTED
    }
    assert rows.gaps == ((Gap("31", row.stat_date, unknown, 0),) if unknown else ())
    assert bool(meta.warnings) is bool(unknown)


@pytest.mark.parametrize(
    ("changes", "counters"),
    [
        ({"impressions": "9" * 11}, {"impressions": 10**11 - 1}),
        ({"inline_link_clicks": "9" * 10}, {"link_clicks": 10**10 - 1}),
        ({"spend": "9" * 11}, {"spend_micros": (10**11 - 1) * 10**6}),
        ({"actions": [{"action_type": "lead", "value": "1"}, {"action_type": "lead", "value": "2"}]}, {}),
        ({"actions": [{"action_type": "purchase", "value": "2"}] * 2}, {"purchases": 2}),
    ],
)
async def test_what_a_day_can_have_is_believed(
    meta: MetaProvider, graph: ScriptedGraph, changes: dict[str, object], counters: dict[str, int]
) -> None:
    graph.answer_pages([{**ROW, **changes}])
    [rows] = await collect_rows(meta)

    right = {"spend_micros": 5_339_500_000, "impressions": 361_324, "link_clicks": 1045}
    assert (list(rows.counters), rows.gaps) == ([[number] for number in Counters(**{**right, **counters})], ())
    assert not meta.warnings


BELOW, TWICE = "a number below 0; it counts as it came", "one action twice with different values; the later one counts"
SOLD = [{"action_type": "purchase", "value": "2"}, {"action_type": "purchase", "value": "3"}]


@pytest.mark.parametrize(
    ("changes", "counters", "said"),
    [
        ({"impressions": "-3"}, {"impressions": -3}, f"The row's impressions has {BELOW}."),
        ({"inline_link_clicks": -3}, {"link_clicks": -3}, f"The row's inline_link_clicks has {BELOW}."),
        ({"spend": "-0.01"}, {"spend_micros": -10_000}, f"The row's spend has {BELOW}."),
        (
            {"actions": [{"action_type": "purchase", "value": "-1"}]},
            {"purchases": -1},
            f"The row's actions has {BELOW}.",
        ),
        (
            {"action_values": [{"action_type": "purchase", "value": "-1"}]},
            {"purchase_value_micros": -1_000_000},
            f"The row's action_values has {BELOW}.",
        ),
        ({"actions": SOLD}, {"purchases": 3}, f"The row's actions has {TWICE}."),
        ({"action_values": SOLD}, {"purchase_value_micros": 3_000_000}, f"The row's action_values has {TWICE}."),
    ],
)
async def test_an_odd_number_counts_and_is_named(
    meta: MetaProvider, graph: ScriptedGraph, changes: dict[str, object], counters: dict[str, int], said: str
) -> None:
    graph.answer_pages([{**ROW, **changes}])
    [rows] = await collect_rows(meta)

    [row] = rows
    assert {name: getattr(row.counters, name) for name in counters} == counters
    assert rows.gaps == ()
    [warning] = meta.warnings.list_warnings()
    assert (warning.subject, warning.sentence, warning.day) == (Subject.INSIGHTS_ROW, said, DAY)


@pytest.mark.parametrize(
    ("row", "gap", "reason"),
    [
        ({"ad_id": None}, Gap(None, DAY), "insights.data.ad_id is missing"),
        ({"ad_id": ""}, Gap(None, DAY), "insights.data.ad_id is not an id"),
        ({"ad_id": "3 1"}, Gap(None, DAY), "insights.data.ad_id is not an id"),
        ({"ad_id": "1" * 3000}, Gap(None, DAY), "insights.data.ad_id is not an id"),
        ({"date_start": "yesterday"}, Gap("31", None), "insights.data.date_start is not a date"),
        ({"date_start": None}, Gap("31", None), "insights.data.date_start is missing"),
        ({"date_stop": "2026-03-02"}, Gap("31", None), "insights.data.date_stop is another day than date_start"),
        (None, Gap(None, None), "insights.data is not an object"),
        (["31"], Gap(None, None), "insights.data is not an object"),
    ],
)
async def test_a_row_that_cant_be_read_costs_itself_and_is_named(
    meta: MetaProvider, graph: ScriptedGraph, row: Any, gap: Gap, reason: str
) -> None:
    odd = ROW | cast("dict[str, Any]", row) if isinstance(row, dict) else row
    graph.answer({"data": [{**ROW, "ad_id": "32"}, odd, {**ROW, "ad_id": 33}], "paging": {}})
    [rows] = await collect_rows(meta)

    assert rows.external_ids == ["32", "33"]
    assert rows.gaps == (gap,)
    [warning] = meta.warnings.list_warnings()
    assert warning.subject is Subject.INSIGHTS_ROW
    assert f"Meta's answer can't be read: {reason}." in warning.sentence


async def test_a_page_of_odd_rows_alone_is_a_page(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer({"data": [None], "paging": {}})
    [rows] = await collect_rows(meta)

    assert (len(rows), rows.gaps) == (0, (Gap(),))


@pytest.mark.parametrize("account_id", ["1002", 1002])
async def test_a_row_of_another_account_is_left_out(
    meta: MetaProvider, graph: ScriptedGraph, account_id: object
) -> None:
    graph.answer_pages([{**ROW, "account_id": account_id}, {**ROW, "account_id": "1001"}])
    [rows] = await collect_rows(meta, Level.ACCOUNT)

    assert (rows.external_ids, rows.gaps) == (["act_1001"], (Gap("act_1001", DAY),))


@pytest.mark.parametrize("account_id", [None, "", "10 01", [], True])
async def test_a_row_that_names_no_account_is_that_of_the_account_that_was_asked(
    meta: MetaProvider, graph: ScriptedGraph, account_id: object
) -> None:
    graph.answer_pages([{**ROW, "account_id": account_id}])
    [rows] = await collect_rows(meta, Level.ACCOUNT)

    assert (rows.external_ids, rows.gaps) == (["act_1001"], ())
    [warning] = meta.warnings.list_warnings()
    assert warning.sentence == "The row's account_id can't be read; the row is taken for the account's."


@pytest.mark.parametrize("written", ["2026-03-01T00:00:00-0500", "2026-03-01 00:00:00", "20260301", " 2026-03-01 "])
async def test_a_day_is_read_in_every_form(meta: MetaProvider, graph: ScriptedGraph, written: str) -> None:
    graph.answer({"data": [{**ROW, "date_start": written, "date_stop": written}], "paging": {}})
    [rows] = await collect_rows(meta)

    assert (rows.stat_dates, rows.gaps, meta.warnings.list_warnings()) == ([DAY], (), [])
