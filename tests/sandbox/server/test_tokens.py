from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.asking import asking
from tests.sandbox.small_world import OTHER_TOKEN, TOKEN, WORLD

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking

INVALID = {
    "message": "Invalid OAuth access token - Cannot parse access token",
    "type": "OAuthException",
    "code": 190,
    "is_transient": False,
}


async def test_a_token_is_taken_from_the_query_or_the_header(meta: Asking) -> None:
    assert await meta.get("me", fields="id,name") == {"id": "91", "name": "Sandbox User"}
    response = await meta.client.get("/v26.0/me", headers={"Authorization": f"Bearer {OTHER_TOKEN}"})
    assert response.json() == {"id": "92", "name": "Sandbox User"}


async def test_an_unknown_token_is_refused(meta: Asking) -> None:
    meta.token = "nobody's"
    assert await meta.refusal("GET", "/v26.0/act_1/ads") == (400, INVALID)
    assert await meta.refusal("POST", "/v26.0/1111", status="PAUSED") == (400, INVALID)


async def test_a_missing_token_is_refused(meta: Asking) -> None:
    meta.token = None
    status, error = await meta.refusal("GET", "/v26.0/act_1")
    assert (status, error["code"]) == (400, 104)


async def test_a_token_sees_its_own_accounts_only(meta: Asking) -> None:
    assert await meta.ids("me/adaccounts") == ["act_1"]
    status, error = await meta.refusal("GET", "/v26.0/act_2/insights")
    assert (status, error["code"]) == (403, 200)
    known = await meta.refusal("GET", "/v26.0/2111")
    unknown = await meta.refusal("GET", "/v26.0/9999")
    assert known[0] == unknown[0] == 400
    assert str(known[1]["message"]).replace("2111", "9999") == unknown[1]["message"]
    assert (unknown[1]["code"], unknown[1]["error_subcode"], unknown[1]["type"]) == (100, 33, "GraphMethodException")
    refused = await meta.refusal("POST", "/v26.0/2111", status="PAUSED")
    assert (refused[1]["code"], refused[1]["error_subcode"]) == (100, 33)
    meta.token = OTHER_TOKEN
    assert await meta.get("2111", fields="status") == {"status": "ACTIVE", "id": "2111"}


@pytest.mark.parametrize(
    ("proof", "message"),
    [
        (None, "API calls from the server require an appsecret_proof argument"),
        ("0" * 64, "Invalid appsecret_proof provided in the API argument"),
    ],
)
async def test_a_world_with_an_app_secret_wants_the_proof(proof: str | None, message: str) -> None:
    async with asking(replace(WORLD, app_secret="s3cret")) as meta:
        params = {"appsecret_proof": proof} if proof is not None else {}
        status, error = await meta.refusal("GET", "/v26.0/me", **params)
        assert (status, error["code"], error["message"]) == (400, 100, message)
        right = hmac.new(b"s3cret", TOKEN.encode(), hashlib.sha256).hexdigest()
        assert await meta.ids("me/adaccounts", appsecret_proof=right) == ["act_1"]


async def test_secrets_are_in_no_repr() -> None:
    text = repr(replace(WORLD, app_secret="s3cret"))
    assert TOKEN not in text
    assert "s3cret" not in text
