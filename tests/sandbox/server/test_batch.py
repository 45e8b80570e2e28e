from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking


def change(entity_id: str, status: str) -> dict[str, str]:
    return {"method": "POST", "relative_url": entity_id, "body": f"status={status}"}


async def run(meta: Asking, items: list[dict[str, str]], **params: object) -> list[dict[str, object]]:
    response = await meta.call("POST", "/v26.0/", batch=items, **params)
    assert response.status_code == 200, response.text
    return cast("list[dict[str, object]]", response.json())


async def test_items_are_answered_in_order_and_fail_alone(meta: Asking) -> None:
    answers = await run(
        meta,
        [
            change("1111", "PAUSED"),
            change("1112", "PAUSED"),
            change("2111", "PAUSED"),
            {"method": "GET", "relative_url": "1111?fields=status"},
            {"method": "GET", "relative_url": "v25.0/act_1/campaigns?limit=1"},
        ],
    )
    assert [answer["code"] for answer in answers] == [200, 400, 400, 200, 200]
    bodies = [json.loads(str(answer["body"])) for answer in answers]
    assert bodies[0] == {"success": True}
    assert bodies[1]["error"]["error_user_title"] == "The change was not made"
    assert bodies[2]["error"]["error_subcode"] == 33
    assert bodies[3] == {"status": "PAUSED", "id": "1111"}
    assert bodies[4]["data"] == [{"id": "11"}]
    assert "/v25.0/act_1/campaigns?" in bodies[4]["paging"]["next"]
    headers = cast("list[dict[str, str]]", answers[0]["headers"])
    assert headers[0] == {"name": "Content-Type", "value": "application/json; charset=UTF-8"}
    assert "X-Business-Use-Case-Usage" in {header["name"] for header in headers}


async def test_each_item_counts_as_a_call(meta: Asking) -> None:
    await run(meta, [change("1111", "PAUSED")] * 50, include_headers="false")
    assert (await meta.client.get("/sandbox/calls")).json() == {"act_1": {"node": 50}}


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        ([change("1111", "PAUSED")] * 51, -3),
        ({"method": "GET"}, 100),
        (["GET me"], 100),
        ([{"method": "PATCH", "relative_url": "1111"}], 100),
        ([{"method": "GET"}], 100),
    ],
)
async def test_a_batch_that_is_wrong_as_a_whole(meta: Asking, batch: object, code: int) -> None:
    status, error = await meta.refusal("POST", "/v26.0/", batch=batch)
    assert (status, error["code"]) == (400, code)
    assert await meta.get("1111", fields="status") == {"status": "ACTIVE", "id": "1111"}


async def test_a_batch_with_a_dead_token(meta: Asking) -> None:
    meta.token = "nobody's"
    status, error = await meta.refusal("POST", "/v26.0/", batch=[change("1111", "PAUSED")])
    assert (status, error["code"]) == (400, 190)
