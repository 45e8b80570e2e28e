"""Answers that arrive wrecked, over real HTTP where the connection matters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.sandbox.serving import serving
from tests.sandbox.small_world import TOKEN, WORLD

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.sandbox.asking import Asking

MATCH = {"edge": "ads"}
BATCH = [{"method": "GET", "relative_url": "act_1/ads"}, {"method": "GET", "relative_url": "act_1/campaigns"}]


@pytest.fixture(scope="module")
def graph() -> Generator[httpx.Client]:
    with serving(WORLD) as url, httpx.Client(base_url=url, params={"access_token": TOKEN}, timeout=5) as client:
        yield client


async def test_a_proxys_page_an_empty_body_and_half_a_body(meta: Asking) -> None:
    await meta.control("POST", "faults", {"match": MATCH, "form": "html", "http_status": 503, "times": 1})
    answer = await meta.call("GET", "/v26.0/act_1/ads")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    await meta.control("POST", "faults", {"match": MATCH, "form": "empty", "http_status": 502})
    answer = await meta.call("GET", "/v26.0/act_1/ads")
    assert (answer.status_code, answer.content) == (502, b"")
    await meta.control("POST", "faults", {"match": MATCH, "form": "broken_json"})
    answer = await meta.call("GET", "/v26.0/act_1/ads")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()
    assert (await meta.call("GET", "/v26.0/act_1/ads")).json()["data"][0] == {"id": "1111"}


def test_a_connection_that_is_closed_in_mid_body(graph: httpx.Client) -> None:
    graph.post("/sandbox/faults", json={"match": MATCH, "form": "cut_off"})
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        graph.get("/v26.0/act_1/ads")
    assert graph.get("/v26.0/act_1/ads").status_code == 200


def test_an_answer_that_never_comes(graph: httpx.Client) -> None:
    graph.post("/sandbox/faults", json={"match": MATCH, "form": "hanging"})
    with pytest.raises(httpx.ReadTimeout):
        graph.get("/v26.0/act_1/ads", timeout=0.2)
    assert graph.get("/v26.0/act_1/ads").status_code == 200


async def test_wrecks_of_single_items_of_a_batch(meta: Asking) -> None:
    for form in ("null_item", "html", "broken_json"):
        await meta.control("POST", "faults", {"match": MATCH, "form": form, "http_status": 503})
    answers = [(await meta.call("POST", "/v26.0/", batch=BATCH)).json() for _ in range(4)]
    assert [answer[1]["code"] for answer in answers] == [200] * 4
    assert answers[0][0] is None
    assert (answers[1][0]["code"], answers[1][0]["body"][:9]) == (503, "<!DOCTYPE")
    assert (answers[2][0]["code"], answers[2][0]["body"][:9]) == (200, '{"data":[')
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(answers[2][0]["body"])
    assert json.loads(answers[3][0]["body"])["data"][0] == {"id": "1111"}


async def test_a_null_item_was_not_done(meta: Asking) -> None:
    await meta.control("POST", "faults", {"match": {"method": "POST"}, "form": "null_item"})
    change = [{"method": "POST", "relative_url": "1111", "body": "status=PAUSED"}]
    assert (await meta.call("POST", "/v26.0/", batch=change)).json() == [None]
    assert await meta.get("1111", fields="status") == {"status": "ACTIVE", "id": "1111"}
    assert (await meta.call("POST", "/v26.0/", batch=change)).json()[0]["body"] == '{"success": true}'


async def test_only_a_fault_for_batches_strikes_a_whole_batch(meta: Asking) -> None:
    await meta.control("POST", "faults", {"code": 2, "http_status": 500})
    answers = (await meta.call("POST", "/v26.0/", batch=BATCH)).json()
    assert [answer["code"] for answer in answers] == [500, 200]
    await meta.control("POST", "faults", {"match": {"edge": "batch"}, "code": 2, "http_status": 500})
    await meta.control("POST", "faults", {"match": {"edge": "batch"}, "form": "html", "http_status": 503})
    status, error = await meta.refusal("POST", "/v26.0/", batch=BATCH)
    assert (status, error["code"]) == (500, 2)
    assert (await meta.call("POST", "/v26.0/", batch=BATCH)).status_code == 503
    assert len((await meta.call("POST", "/v26.0/", batch=BATCH)).json()) == 2


def test_a_batch_in_which_the_connection_is_lost(graph: httpx.Client) -> None:
    graph.post("/sandbox/faults", json={"match": {"edge": "campaigns"}, "form": "cut_off"})
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        graph.post("/v26.0/", data={"batch": json.dumps(BATCH)})
    assert graph.post("/v26.0/", data={"batch": json.dumps(BATCH)}).status_code == 200
