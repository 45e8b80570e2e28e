"""The shortcut for rows in their usual shape never tells anything but what the careful way tells."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from app.errors import ProviderTransientError
from app.metrics.counters import Counters
from app.providers.meta import parse_insights
from app.providers.meta.node import Node, parse_json

_PLAIN = ["0", "7", "361324", "5339.5", "0.000001", "9" * 12]
_ODD = ["1.0000005", "12.", ".5", "-1", "+1", "1e3", "", " 1", "१२", "9" * 13, "9" * 25, "1.5.5", None, 3, True, False]
_NUMBERS: st.SearchStrategy[Any] = st.sampled_from([*_PLAIN, *_ODD])
_TYPES: st.SearchStrategy[Any] = st.sampled_from(
    ["omni_purchase", "purchase", "view_content", "add_to_cart", "initiate_checkout", "x", 5, None]
)
_ENTRIES: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"action_type": _TYPES, "value": _NUMBERS}),
    st.fixed_dictionaries({"action_type": _TYPES}),
    st.sampled_from([None, "purchase", [], {}]),
)
_LISTS: st.SearchStrategy[Any] = st.one_of(st.none(), st.lists(_ENTRIES, max_size=4), st.sampled_from(["", {}, 0]))
_ROWS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "spend": _NUMBERS,
        "impressions": _NUMBERS,
        "inline_link_clicks": _NUMBERS,
        "actions": _LISTS,
        "action_values": _LISTS,
    },
)


def read(name: str, fields: dict[str, Any]) -> Counters | str | None:
    try:
        return getattr(parse_insights, name)(Node(fields, "insights"))
    except ProviderTransientError as error:
        return str(error)


@given(_ROWS)
def test_both_ways_read_the_same(fields: dict[str, Any]) -> None:
    assert read("_counters", fields) == read("_careful_counters", fields)


def test_a_fraction_that_is_no_text_is_read_exactly() -> None:
    fields = cast("dict[str, Any]", parse_json('{"spend":1.25,"impressions":"3"}', "the row"))
    assert read("_counters", fields) == Counters(spend_micros=1_250_000, impressions=3)
