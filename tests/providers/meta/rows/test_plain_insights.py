"""The shortcut for rows in their usual shape never tells anything but what the careful way tells."""

from __future__ import annotations

import gc
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ProviderTransientError
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.meta.rows.insight_page_reader import InsightPageReader
from app.providers.meta.rows.parse_insights import InsightParser, RowsText
from app.providers.meta.rows.plain_insights import PlainInsights
from app.providers.meta.rows.row_reading import RowReading
from app.providers.meta.values.answer_json import parse_json
from app.providers.meta.values.node import Node, as_node
from app.providers.sync_warnings import SyncWarnings

if TYPE_CHECKING:
    from app.providers.contract import InsightRow
    from app.providers.insight_rows import Gap

_PLAIN = ["0", "7", "361324", "5339.5", "58705.23", "0.00", "007.10", "0.000001", "9" * 11]
_ODD = [
    "1,2",
    "1.00,2.00",
    "0.0000001",
    ",",
    "1.00\n",
    "1.0000005",
    "12.",
    ".5",
    "-1",
    "+1",
    "1e3",
    "2.5E-6",
    "",
    " 1",
    "१२",
    "9" * 13,
    "9" * 25,
    "1.5.5",
    None,
    3,
    True,
    False,
]
_NUMBERS: st.SearchStrategy[Any] = st.sampled_from([*_PLAIN, *_ODD, 1.5, 10**25, [], {}])
_PLAIN_NUMBERS: st.SearchStrategy[Any] = st.sampled_from(_PLAIN)
_CENTS: st.SearchStrategy[Any] = st.sampled_from(["0.00", "58705.23", "007.10"])
_COUNTS: st.SearchStrategy[Any] = st.sampled_from(["0", "7", "361324", "9" * 10])
_PLAIN_TYPES: st.SearchStrategy[Any] = st.sampled_from(
    ["omni_purchase", "purchase", "onsite_conversion.purchase", "view_content", "add_to_cart", "initiate_checkout", "x"]
)
_TYPES: st.SearchStrategy[Any] = st.one_of(_PLAIN_TYPES, st.sampled_from([5, None]))
_ENTRIES: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"action_type": _TYPES, "value": _NUMBERS}),
    st.fixed_dictionaries({"action_type": _TYPES}),
    st.sampled_from([None, "purchase", [], {}]),
)
_LISTS: st.SearchStrategy[Any] = st.one_of(st.none(), st.lists(_ENTRIES, max_size=4), st.sampled_from(["", {}, 0]))
_TEXTS: st.SearchStrategy[Any] = st.sampled_from(
    ["31", "", "3 1", "Grüße", "a\x00b", "\ud83d", "7" * 101, None, 5, 1.5, []]
)
_DAYS: st.SearchStrategy[Any] = st.sampled_from(["2026-03-01", "2026-03-02", "2026-02-30", "", None, 5, []])
_NAMED: dict[str, Any] = {
    "ad_id": "31",
    "ad_name": "Video",
    "campaign_id": "11",
    "campaign_name": "Spring",
    "adset_id": "21",
    "adset_name": "Buyers",
    "date_start": "2026-03-01",
    "date_stop": "2026-03-01",
}
_NUMBERED: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("spend", "impressions", "inline_link_clicks", "cpm", "ctr", "cpc"), _NUMBERS),
    **dict.fromkeys(("actions", "action_values"), _LISTS),
}
_DESCRIBED = {name: _DAYS if name.startswith("date") else _TEXTS for name in (*_NAMED, "attribution_setting")}


def _each_once(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A list of actions that names no type twice."""
    entries = st.fixed_dictionaries({"action_type": _PLAIN_TYPES, "value": values})
    return st.lists(entries, max_size=4, unique_by=lambda entry: entry["action_type"])


_USUAL: dict[str, st.SearchStrategy[Any]] = {
    "spend": st.one_of(_CENTS, _PLAIN_NUMBERS),
    **dict.fromkeys(("impressions", "inline_link_clicks"), _COUNTS),
    **dict.fromkeys(("cpm", "ctr", "cpc"), _PLAIN_NUMBERS),
    "actions": _each_once(_COUNTS),
    "action_values": _each_once(_CENTS),
    "attribution_setting": st.sampled_from([None, "7d_click"]),
    "date_start": st.just("2026-03-01"),
}
_LEVELS = st.sampled_from(list(Level))


def rows(described: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    changes: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional={**_NUMBERED, **described})
    return changes.map(lambda change: {**_NAMED, "account_id": "1001", "account_name": "North", **change})


def usual_rows() -> st.SearchStrategy[dict[str, Any]]:
    changes: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional=_USUAL)
    return changes.map(lambda change: {**_NAMED, "account_id": "1001", "account_name": "North", **change})


def page_of(found: list[dict[str, Any]]) -> bytes:
    """As Meta writes it: without spaces, the cursors behind the rows."""
    return json.dumps({"data": found, "paging": {"cursors": {"after": "x"}}}, separators=(",", ":")).encode()


def parser_of(level: Level) -> InsightParser:
    return InsightParser(level, "act_1001", InsightPageReader(), SyncWarnings())


def carefully(page: bytes, level: Level) -> tuple[list[InsightRow], tuple[Gap, ...]]:
    items = as_node(parse_json(page, "the body"), "insights").items("data")
    found = RowReading(level, "act_1001", SyncWarnings()).read(items)
    return list(found), found.gaps


async def quickly(page: bytes, level: Level) -> tuple[list[InsightRow], tuple[Gap, ...]]:
    parser = parser_of(level)
    found = await parser.read_rows(as_node(parser.parse_page(page, "the body"), "insights"))
    return list(found), found.gaps


@given(rows({}), _LEVELS)
async def test_both_ways_read_the_same_numbers(row: dict[str, Any], level: Level) -> None:
    page = page_of([row])
    assert await quickly(page, level) == carefully(page, level)


@given(st.lists(rows(_DESCRIBED), max_size=3), _LEVELS)
async def test_both_ways_read_the_same_pages(found: list[dict[str, Any]], level: Level) -> None:
    page = page_of(found)
    assert await quickly(page, level) == carefully(page, level)


@given(st.lists(usual_rows(), max_size=4), _LEVELS)
def test_usual_pages_take_the_shortcut(found: list[dict[str, Any]], level: Level) -> None:
    page = page_of(found)
    plain = PlainInsights(level).read(json.dumps(found).encode())
    assert plain is not None
    if level is not Level.ACCOUNT:  # whose rows carry the id that we know the account by
        assert (list(plain), plain.gaps) == carefully(page, level)


@given(st.lists(usual_rows(), min_size=1, max_size=4), st.data(), _LEVELS)
async def test_one_odd_thing_in_a_usual_page_is_read_as_ever(
    found: list[dict[str, Any]], data: st.DataObject, level: Level
) -> None:
    name = data.draw(st.sampled_from([*_NUMBERED, *_DESCRIBED]))
    found[0] = {**found[0], name: data.draw({**_NUMBERED, **_DESCRIBED}[name])}
    page = page_of(found)
    assert await quickly(page, level) == carefully(page, level)


@pytest.mark.parametrize(
    ("spend", "micros"),
    [
        ("1.25", 1_250_000),
        ("9007199254.740993", 9_007_199_254_740_993),  # a float would say …992
        ("1.0000005", 1_000_001),
        ("0.1000004999999999999999", 100_000),
    ],
)
async def test_a_fraction_that_is_no_text_makes_the_page_be_read_without_floats(spend: str, micros: int) -> None:
    rest = '"impressions":"3","ad_id":"31","date_start":"2026-03-01","date_stop":"2026-03-01"'
    content = f'{{"data":[{{{rest}}},{{"spend":{spend},{rest}}}]}}'.encode()
    found = await quickly(content, Level.AD)
    assert [row.counters for row in found[0]] == [
        Counters(impressions=3),
        Counters(spend_micros=micros, impressions=3),
    ]


def test_a_node_tells_the_items_of_a_list() -> None:
    node = Node({"data": [1, {}], "paging": {}}, "insights")
    assert (list(node.items("data")), list(node.items("none"))) == ([1, {}], [])
    with pytest.raises(ProviderTransientError, match=r"insights\.paging is not a list"):
        node.items("paging")


@pytest.mark.parametrize(
    "content", [b"[]", b'{"error":{"code":17}}', b'{"data":null}', b'{"data":{}}', b'{"data":"x"}']
)
def test_what_is_no_page_is_left_as_it_is(content: bytes) -> None:
    assert parser_of(Level.AD).parse_page(content, "the body") == json.loads(content)


_DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"<html>", b"\xff", _DEEP, b'{"data":[],"paging":' + _DEEP, b'{"data":[],"paging":{},"x":' + _DEEP],
)
def test_what_is_no_json_is_a_passing_failure(content: bytes) -> None:
    with pytest.raises(ProviderTransientError, match="the body is not JSON"):
        parser_of(Level.AD).parse_page(content, "the body")


def test_an_error_beside_rows_is_told() -> None:
    page = page_of([_NAMED])
    answer = parser_of(Level.AD).parse_page(page[:-1] + b',"error":{"code":17}}', "the body")
    assert cast("Any", answer)["error"] == {"code": 17}


_ROW = json.dumps(_NAMED, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "content",
    [
        page_of([_NAMED, _NAMED]),
        b'{"data":[%b],"paging":{"cursors":{"after":"x"}},"more":[1],"error":null}' % _ROW,
        b'{"data":[],"paging":{}}',
    ],
)
def test_rows_of_a_page_as_meta_writes_it_are_left_for_later(content: bytes) -> None:
    answer = cast("Any", parser_of(Level.AD).parse_page(content, "the body"))
    whole = json.loads(content)
    assert isinstance(answer["data"], RowsText)
    assert json.loads(answer["data"].rows.tobytes()) == whole["data"]
    assert answer["paging"] == whole["paging"]


@pytest.mark.parametrize(
    "content",
    [
        b'{ "data": [%b], "paging": {"next": "x"} }' % _ROW,
        b'{"paging":{"next":"x"},"data":[%b]}' % _ROW,
        b'{"data":[%b]}' % _ROW,
        b'{"data":[],"paging":{"next":"x"},"data":[%b]}' % _ROW,
        b'{"data":[%b],"more":[1],"paging":{"next":"x"}}' % _ROW,
        b'{"data":[{"data":[],"paging":{}}],"data":[%b],"paging":{"next":"x"}}' % _ROW,
        b'{"data":[{"x":[1],"paging":{"next":"y"},%b]}' % _ROW[1:],
        b'{"data":[%b,"x":[1],"paging":{"next":"y"}}]}' % _ROW[:-1],
        b'{"data":[{"actions":[],"paging":{"next":"no"},%b],"paging":{"next":"x"}}' % _ROW[1:],
    ],
)
async def test_a_page_in_any_other_order_is_read_all_the_same(content: bytes) -> None:
    whole = json.loads(content)
    answer = cast("Any", parser_of(Level.AD).parse_page(content, "the body"))
    assert answer.get("paging") == whole.get("paging")
    assert await quickly(content, Level.AD) == carefully(content, Level.AD)


@pytest.mark.parametrize("content", [b'{"data":[]}', b'{"data":[{}]}', b"{"])
async def test_the_collector_works_again_afterwards(content: bytes) -> None:
    with suppress(ProviderTransientError):
        await quickly(content, Level.AD)
    assert gc.isenabled()
