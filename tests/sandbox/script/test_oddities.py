"""Answers with one thing in them that is other than it should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from app.providers.sandbox.script.oddities import Oddity
from app.providers.sandbox.script.reading import read_each

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking

ADS = {"edge": "ads"}
INSIGHTS = {"edge": "insights"}
DAYS = {"since": "2026-11-19", "until": "2026-11-20"}
HALF = "\ud83d"


async def arm(meta: Asking, *oddities: dict[str, object]) -> None:
    await meta.control("POST", "oddities", list(oddities))


async def names(meta: Asking) -> list[Any]:
    return [row.get("name") for row in await meta.rows("act_1/ads", fields="name")]


async def rows(meta: Asking) -> list[dict[str, Any]]:
    fields = "ad_id,spend,impressions,actions"
    return await meta.rows("act_1/insights", level="ad", fields=fields, time_range=DAYS, time_increment=1)


@pytest.mark.parametrize(
    ("oddity", "expected"),
    [
        ({"id": "1112", "field": "name", "value": 7}, ["Red shoes", 7, "Green shoes", "Straw hat"]),
        ({"id": "1112", "field": "name", "do": "drop"}, ["Red shoes", None, "Green shoes", "Straw hat"]),
        ({"nth": 2, "field": "name", "json": "null"}, ["Red shoes", None, "Green shoes", "Straw hat"]),
        ({"nth": 1, "field": "name", "json": json.dumps(HALF)}, [HALF, "Blue shoes", "Green shoes", "Straw hat"]),
        ({"nth": 4, "do": "drop"}, ["Red shoes", "Blue shoes", "Green shoes"]),
        ({"nth": 1, "do": "duplicate"}, ["Red shoes", "Red shoes", "Blue shoes", "Green shoes", "Straw hat"]),
        ({"nth": 1, "value": {"name": "Other"}}, ["Other", "Blue shoes", "Green shoes", "Straw hat"]),
        ({"field": "name", "value": "Same"}, ["Same"] * 4),
        ({"id": "1", "field": "name", "value": 7}, ["Red shoes", "Blue shoes", "Green shoes", "Straw hat"]),
    ],
)
async def test_an_entry_of_a_list(meta: Asking, oddity: dict[str, object], expected: list[object]) -> None:
    await arm(meta, {"match": ADS, **oddity})
    assert await names(meta) == expected
    await meta.control("DELETE", "oddities")
    assert await names(meta) == ["Red shoes", "Blue shoes", "Green shoes", "Straw hat"]


async def test_a_row_of_an_entity_and_day(meta: Asking) -> None:
    before = await rows(meta)
    of = {"match": INSIGHTS, "id": "1111", "day": "2026-11-19"}
    await arm(meta, {**of, "field": "spend", "value": "1e300"}, {**of, "field": "actions.0.value", "value": "x"})
    after = await rows(meta)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    [(old, new)] = changed
    assert (new["ad_id"], new["date_start"], new["spend"]) == ("1111", "2026-11-19", "1e300")
    assert new["actions"] == [{**old["actions"][0], "value": "x"}, *old["actions"][1:]]
    await meta.control("DELETE", "oddities")
    assert await rows(meta) == before


async def test_the_object_of_a_node(meta: Asking) -> None:
    await arm(meta, {"match": {"edge": "node"}, "id": "act_1", "field": "currency", "value": ""})
    assert await meta.get("act_1", fields="name,currency") == {"name": "First", "currency": "", "id": "act_1"}


async def test_an_answer_as_a_whole(meta: Asking) -> None:
    await arm(meta, {"match": ADS, "part": "answer", "field": "paging", "do": "drop", "times": 1})
    assert (await meta.get("act_1/ads")).keys() == {"data"}
    assert (await meta.get("act_1/ads")).keys() == {"data", "paging"}
    await arm(meta, {"match": ADS, "part": "answer", "json": "[]", "times": 1})
    assert (await meta.call("GET", "/v26.0/act_1/ads")).content == b"[]"
    await arm(meta, {"match": ADS, "part": "answer", "http_status": 418, "body": '{"data":[NaN'})
    answer = await meta.call("GET", "/v26.0/act_1/ads")
    assert (answer.status_code, answer.text) == (418, '{"data":[NaN')
    assert (await meta.get("act_1/campaigns")).keys() == {"data", "paging"}


async def test_an_item_of_a_batch(meta: Asking) -> None:
    await arm(meta, {"match": ADS, "part": "answer", "body": "nothing", "skip": 1})
    calls = [{"method": "GET", "relative_url": "act_1/ads?limit=1"}] * 2
    items = (await meta.call("POST", "/v26.0/", batch=calls)).json()
    assert [item["body"] for item in items][1] == "nothing"
    assert json.loads(items[0]["body"])["data"] == [{"id": "1111"}]


async def test_answers_without_the_thing_are_not_counted(meta: Asking) -> None:
    await arm(meta, {"match": ADS, "id": "1211", "field": "id", "value": 1211, "skip": 1, "times": 1})
    page = {"limit": "3"}
    assert len(await meta.ids("act_1/ads", **page)) == 3
    assert [(await meta.ids("act_1/ads"))[3] for _ in range(3)] == ["1211", 1211, "1211"]


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"colour": "red"}, "Unexpected keyword argument"),
        ({"part": "answer", "id": "1"}, "choose items"),
        ({"body": "x"}, "the part must be answer"),
        ({"json": "{"}, "Expecting property name"),
    ],
)
def test_what_makes_no_sense_is_refused(document: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_each(Oddity, document)
