"""A user's places in businesses and who works on an account, as connectors ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.asking import Asking


async def test_the_users_of_the_token_and_their_tasks_on_the_account(meta: Asking) -> None:
    [user] = await meta.rows("me/business_users")
    assert user == {"name": "Sandbox User", "business": {"id": "891", "name": "Sandbox business"}, "id": "791"}
    [assigned] = await meta.rows("act_1/assigned_users", business="891")
    assert assigned == {"name": "Sandbox User", "tasks": ["DRAFT", "ANALYZE", "ADVERTISE", "MANAGE"], "id": "791"}
    assert await meta.rows("me/business_users", fields="role,email") == [{"role": "ADMIN", "id": "791"}]
    assert await meta.rows("act_1/assigned_users", business="1") == []


async def test_what_is_not_known_of_them_is_refused(meta: Asking) -> None:
    for path, params, code in (
        ("me/business_users", {"fields": "colour"}, 100),
        ("act_1/assigned_users", {"business": "891", "fields": "colour"}, 100),
        ("act_1/assigned_users", {}, 100),
        ("act_2/assigned_users", {"business": "891"}, 200),
        ("1111/assigned_users", {"business": "891"}, 100),
    ):
        assert (await meta.refusal("GET", f"/v27.0/{path}", **params))[1]["code"] == code
