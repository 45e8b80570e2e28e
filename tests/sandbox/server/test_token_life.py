"""Tokens that die in mid-run, are renewed, lack permissions, and what debug_token says of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
import pytest_asyncio

from app.errors import SetupError
from app.providers.sandbox.application import create_sandbox
from app.providers.sandbox.world.worlds import SANDBOX_APP_ID
from tests.sandbox.answers.test_pages import PAGE, PAGE_TOKEN
from tests.sandbox.asking import asking
from tests.sandbox.small_world import NOW, TOKEN, WORLD

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.sandbox.asking import Asking

APP_TOKEN = f"{SANDBOX_APP_ID}|s3cret"


@pytest_asyncio.fixture
async def meta() -> AsyncGenerator[Asking]:
    async with asking(replace(WORLD, pages=(PAGE,))) as asked:
        yield asked


async def outcomes(meta: Asking, path: str, times: int = 1, **params: str) -> list[object]:
    """Code and subcode of each call, None where it was answered."""
    answers = [(await meta.call("GET", f"/v26.0/{path}", **params)).json().get("error") for _ in range(times)]
    return [(error["code"], error.get("error_subcode")) if error else None for error in answers]


async def facts(meta: Asking, token: str, *, by: str = APP_TOKEN) -> dict[str, object]:
    own, meta.token = meta.token, by
    try:
        return cast("dict[str, object]", (await meta.get("debug_token", input_token=token))["data"])
    finally:
        meta.token = own


async def test_a_token_dies_after_so_many_calls_until_it_is_renewed(meta: Asking) -> None:
    await meta.control("POST", "tokens", {"owner": "act_1", "after_calls": 2})
    assert await outcomes(meta, "act_1/ads", 3) == [None, None, (190, 463)]
    assert await outcomes(meta, "me") == [(190, 463)]
    assert await meta.control("GET", "tokens") == {"tokens": {"act_1": {"calls": 2, "dead": 463}}}
    renewed = (await meta.control("POST", "tokens/renew", owner="act_1"))["token"]
    assert await outcomes(meta, "act_1/ads") == [(190, None)]
    meta.token = str(renewed)
    assert await outcomes(meta, "act_1/ads", 3) == [None, None, None]


async def test_a_renewed_token_outlives_the_process(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    async with asking(WORLD, state_path=state) as meta:
        renewed = str((await meta.control("POST", "tokens/renew", owner="act_1"))["token"])
    async with asking(WORLD, state_path=state) as meta:
        assert await outcomes(meta, "act_1/ads") == [(190, None)]
        meta.token = renewed
        assert await outcomes(meta, "act_1/ads") == [None]
    kept = tmp_path / "state.tokens.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text("[]")
    with pytest.raises(SetupError, match="can't be read; delete it to begin anew"):
        create_sandbox(WORLD, state_path=state)


async def test_a_token_dies_at_its_hour_or_at_once(meta: Asking) -> None:
    await meta.control("POST", "tokens", {"owner": "act_1", "expires_at": (NOW + timedelta(hours=1)).isoformat()})
    assert await outcomes(meta, "act_1") == [None]
    meta.at = NOW + timedelta(hours=1)
    assert await outcomes(meta, "act_1") == [(190, 463)]
    await meta.control("POST", "tokens", {"owner": "act_1", "after_calls": 0, "subcode": 460})
    assert await outcomes(meta, "act_1") == [(190, 460)]
    await meta.control("DELETE", "tokens")
    assert await outcomes(meta, "act_1") == [None]


async def test_a_batch_of_a_dying_token_fails_item_by_item(meta: Asking) -> None:
    await meta.control("POST", "tokens", {"owner": "act_1", "after_calls": 1})
    batch = [{"method": "GET", "relative_url": "1111"}, {"method": "GET", "relative_url": "1112"}]
    answers = (await meta.call("POST", "/v26.0/", batch=batch)).json()
    assert [answer["code"] for answer in answers] == [200, 400]


async def test_a_pages_token_dies_alone_and_is_listed_anew(meta: Asking) -> None:
    await meta.control("POST", "tokens", {"owner": "7", "after_calls": 0})
    meta.token = PAGE_TOKEN
    assert await outcomes(meta, "7/posts") == [(190, 463)]
    meta.token = TOKEN
    assert await outcomes(meta, "act_1/ads") == [None]
    await meta.control("POST", "tokens/renew", {"token": "the new one"}, owner="7")
    assert [row["access_token"] for row in await meta.rows("me/accounts")] == ["the new one"]
    meta.token = "the new one"
    assert await outcomes(meta, "7/posts") == [None]


@pytest.mark.parametrize(
    ("scopes", "code"),
    [(["ads_management"], 0), (["ads_read"], 0), (["pages_show_list"], 200)],
)
async def test_reading_needs_a_permission(meta: Asking, scopes: list[str], code: int) -> None:
    await meta.control("POST", "tokens", {"owner": "act_1", "scopes": scopes})
    answer = await meta.call("GET", "/v26.0/act_1/insights")
    assert answer.json().get("error", {}).get("code", 0) == code
    assert answer.status_code == (403 if code else 200)


async def test_writing_and_page_numbers_need_permissions_of_their_own(meta: Asking) -> None:
    await meta.control("POST", "tokens", {"owner": "act_1", "scopes": ["ads_read"]})
    assert (await meta.refusal("POST", "/v26.0/1111", status="PAUSED"))[1]["code"] == 200
    await meta.control("POST", "tokens", {"owner": "7", "scopes": ["pages_read_engagement"]})
    meta.token = PAGE_TOKEN
    assert await outcomes(meta, "7/posts") == [None]
    assert await outcomes(meta, "7/insights", metric="page_media_view") == [(10, None)]


async def test_the_facts_of_a_token(meta: Asking) -> None:
    assert await facts(meta, TOKEN) == {
        "app_id": SANDBOX_APP_ID,
        "application": "Sandbox",
        "type": "USER",
        "expires_at": 0,
        "data_access_expires_at": 0,
        "is_valid": True,
        "scopes": [
            "ads_management",
            "ads_read",
            "business_management",
            "pages_read_engagement",
            "pages_show_list",
            "public_profile",
            "read_insights",
        ],
        "user_id": "91",
    }
    assert await facts(meta, TOKEN, by=TOKEN) == await facts(meta, TOKEN)
    of_page = await facts(meta, PAGE_TOKEN)
    assert (of_page["type"], of_page["profile_id"]) == ("PAGE", "7")


async def test_the_facts_of_a_dead_and_an_unknown_token(meta: Asking) -> None:
    at = NOW + timedelta(days=-1)
    rule = {"expires_at": at.isoformat(), "data_access_expires_at": NOW.isoformat(), "scopes": ["ads_read"]}
    await meta.control("POST", "tokens", {"owner": "act_1"} | rule)
    told = await facts(meta, TOKEN)
    assert (told["is_valid"], told["scopes"]) == (False, ["ads_read"])
    assert (told["expires_at"], told["data_access_expires_at"]) == (int(at.timestamp()), int(NOW.timestamp()))
    assert told["error"] == {
        "code": 190,
        "message": "Error validating access token: Session has expired.",
        "subcode": 463,
    }
    assert await outcomes(meta, "debug_token", input_token=TOKEN) == [(190, 463)]
    assert await facts(meta, "nobody's") == {
        "error": {"code": 190, "message": "Invalid OAuth access token."},
        "is_valid": False,
        "scopes": [],
    }


async def test_only_the_right_app_may_ask() -> None:
    async with asking(replace(WORLD, app_secret="s3cret"), token=f"{SANDBOX_APP_ID}|wrong") as meta:
        assert await outcomes(meta, "debug_token", input_token=TOKEN) == [(190, None)]
        meta.token = APP_TOKEN
        assert await outcomes(meta, "debug_token", input_token=TOKEN) == [None]
        assert await outcomes(meta, "debug_token") == [(100, None)]
        meta.token = None
        assert await outcomes(meta, "debug_token", input_token=TOKEN) == [(104, None)]


async def test_no_control_answer_shows_a_token(meta: Asking) -> None:
    await meta.control("POST", "tokens", {"owner": "act_1", "after_calls": 1})
    await outcomes(meta, "act_1/ads", 2)
    for endpoint in ("tokens", "throttles", "reports", "calls"):
        assert TOKEN not in str(await meta.control("GET", endpoint))
    refused = await meta.client.post("/sandbox/tokens/renew", params={"owner": "act_9"})
    assert refused.status_code == 400
