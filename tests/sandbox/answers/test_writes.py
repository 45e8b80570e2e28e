from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.errors import SetupError
from app.providers.sandbox.application import create_sandbox
from tests.sandbox.asking import asking
from tests.sandbox.small_world import NOW, WORLD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.asking import Asking

EVERY_STATUS = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "DISAPPROVED", "ADSET_PAUSED", "CAMPAIGN_PAUSED"]


async def statuses(meta: Asking, edge: str = "ads") -> dict[object, object]:
    rows = await meta.rows(f"act_1/{edge}", fields="effective_status", effective_status=EVERY_STATUS)
    return {row["id"]: row["effective_status"] for row in rows}


async def test_the_cascade_as_the_world_begins(meta: Asking) -> None:
    assert await statuses(meta, "adsets") == {
        "111": "ACTIVE",
        "112": "PAUSED",
        "121": "CAMPAIGN_PAUSED",
        "131": "ARCHIVED",
    }
    assert await statuses(meta) == {
        "1111": "ACTIVE",
        "1112": "DISAPPROVED",
        "1121": "ADSET_PAUSED",
        "1211": "CAMPAIGN_PAUSED",
        "1311": "ARCHIVED",
    }


async def test_pausing_a_parent_touches_only_what_is_effective(meta: Asking) -> None:
    meta.at = NOW + timedelta(hours=1)
    assert (await meta.call("POST", "/v26.0/11/", status="PAUSED")).json() == {"success": True}
    assert await meta.get("11", fields="status,configured_status,updated_time") == {
        "status": "PAUSED",
        "configured_status": "PAUSED",
        "updated_time": "2026-11-22T11:00:00+0700",
        "id": "11",
    }
    paused = await statuses(meta)
    assert (paused["1111"], paused["1121"]) == ("CAMPAIGN_PAUSED", "CAMPAIGN_PAUSED")
    assert (await meta.get("1111", fields="status"))["status"] == "ACTIVE"
    await meta.call("POST", "/v26.0/112", status="ACTIVE")
    await meta.call("POST", "/v26.0/11", status="ACTIVE")
    assert (await statuses(meta))["1121"] == "ACTIVE"


async def test_a_deleted_campaign_takes_its_children_along(meta: Asking) -> None:
    assert (await meta.call("DELETE", "/v26.0/11")).json() == {"success": True}
    assert (await statuses(meta))["1111"] == "DELETED"
    assert await meta.ids("act_1/ads") == ["1211"]


async def test_name_and_budget(meta: Asking) -> None:
    await meta.call("POST", "/v26.0/121", name="Hats wide", daily_budget="3100")
    assert await meta.get("121", fields="name,daily_budget") == {
        "name": "Hats wide",
        "daily_budget": "3100",
        "id": "121",
    }


async def test_a_get_may_travel_as_a_post(meta: Asking) -> None:
    response = await meta.call("POST", "/v26.0/1111", method="get", fields="name")
    assert response.json() == {"name": "Red shoes", "id": "1111"}


@pytest.mark.parametrize(
    ("entity_id", "values", "message"),
    [
        (
            "1112",
            {"status": "PAUSED"},
            "This object can't be changed because its account's payment method needs attention.",
        ),
        ("13", {"status": "ACTIVE"}, "Archived objects can't be changed; only the name can be edited."),
        (
            "1311",
            {"status": "ACTIVE", "name": "New"},
            "Archived objects can't be changed; only the name can be edited.",
        ),
        ("111", {"daily_budget": "100"}, "This object has no daily_budget to change."),
        ("1111", {"status": "RUNNING"}, None),
        ("1111", {"name": " "}, None),
        ("121", {"daily_budget": "-5"}, None),
    ],
)
async def test_refused_and_nothing_written(
    meta: Asking,
    entity_id: str,
    values: dict[str, str],
    message: str | None,
) -> None:
    fields = "name,status,effective_status,updated_time"
    before = await meta.get(entity_id, fields=fields)
    status, error = await meta.refusal("POST", f"/v26.0/{entity_id}", **values)
    assert (status, error["code"], error["is_transient"]) == (400, 100, False)
    assert error.get("error_user_msg") == message
    assert await meta.get(entity_id, fields=fields) == before


async def test_an_archived_thing_can_be_renamed_and_deleted(meta: Asking) -> None:
    assert (await meta.call("POST", "/v26.0/13", name="Old coats")).json() == {"success": True}
    assert (await meta.call("POST", "/v26.0/13", status="DELETED", name="Gone coats")).json() == {"success": True}
    assert await meta.get("13", fields="name,status") == {"name": "Gone coats", "status": "DELETED", "id": "13"}
    assert (await meta.refusal("POST", "/v26.0/13", name="Back again"))[1]["code"] == 100


async def test_a_restarted_sandbox_remembers(tmp_path: Path) -> None:
    state = tmp_path / "state" / "sandbox.json"
    async with asking(WORLD, state_path=state) as meta:
        await meta.get("1111")
        assert not state.exists()
        await meta.call("POST", "/v26.0/1111", status="PAUSED", name="Ruby shoes")
    written = json.loads(state.read_text())
    assert [change["name"] for change in written["changes"]] == ["status", "name"]
    assert [path.name for path in state.parent.iterdir()] == ["sandbox.json"]
    async with asking(WORLD, state_path=state, at=NOW + timedelta(days=1)) as meta:
        assert await meta.get("1111", fields="name,status,updated_time") == {
            "name": "Ruby shoes",
            "status": "PAUSED",
            "updated_time": "2026-11-22T10:00:00+0700",
            "id": "1111",
        }


@pytest.mark.parametrize(
    "content", ["", "[]", '{"changes":[{}]}', '{"changes":[{"entity_id":"1","at":"x","name":"","value":""}]}']
)
def test_a_state_file_that_is_none(tmp_path: Path, content: str) -> None:
    state = tmp_path / "sandbox.json"
    state.write_text(content)
    with pytest.raises(SetupError, match=r"sandbox\.json can't be read; delete it"):
        create_sandbox(WORLD, state_path=state)
