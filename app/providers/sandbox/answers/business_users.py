"""A user's places in businesses, and who works on an account: `me/business_users` and `act_…/assigned_users`.

Every user of a sandbox is one business user of one business, which owns all that the user sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.providers.sandbox.answers.field_names import ASSIGNED_USER_FIELDS, BUSINESS_USER_FIELDS
from app.providers.sandbox.answers.fields import parse_fields, pick
from app.providers.sandbox.answers.paging import take_page
from app.providers.sandbox.errors import bad_parameter, unknown_field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.sandbox.answers.fields import AskedField
    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.server.tokens import Caller

ASSIGNED_USERS = "assigned_users"
BUSINESS_USERS = "business_users"
_TASKS = ["DRAFT", "ANALYZE", "ADVERTISE", "MANAGE"]
_NAME = "Sandbox User"


def list_business_users(call: GraphCall, caller: Caller) -> Mapping[str, object]:
    """`me/business_users`: id, name and business unless the call names fields."""
    values: Mapping[str, object] = {
        "name": _NAME,
        "business": {"id": _business_id(caller), "name": "Sandbox business"},
        "role": "ADMIN",
    }
    asked = _asked(call, BUSINESS_USER_FIELDS, "BusinessUser", usual=("name", "business"))
    return _list_one(call, _row(values, asked, _business_user_id(caller)))


def list_assigned_users(call: GraphCall, caller: Caller) -> Mapping[str, object]:
    """`assigned_users` of an account that the caller sees; raises GraphError without the `business` that is asked."""
    business_id = call.params.get("business")
    if not business_id:
        raise bad_parameter("The parameter business is required")
    asked = _asked(call, ASSIGNED_USER_FIELDS, "AssignedUser", usual=("name", "tasks"))
    if business_id != _business_id(caller):
        return {"data": []}
    return _list_one(call, _row({"name": _NAME, "tasks": _TASKS}, asked, _business_user_id(caller)))


def _asked(call: GraphCall, known: frozenset[str], node_type: str, *, usual: tuple[str, ...]) -> Sequence[AskedField]:
    asked = parse_fields(call.params.get("fields"), usual)
    for each in asked:
        if each.name not in known:
            raise unknown_field(each.name, node_type)
    return asked


def _row(values: Mapping[str, object], asked: Sequence[AskedField], row_id: str) -> Mapping[str, object]:
    return pick(asked, values) | {"id": row_id}


def _list_one(call: GraphCall, row: Mapping[str, object]) -> Mapping[str, object]:
    page = take_page(call, [row], lambda _row: (0,))
    rows = [row][page.rows]
    return {"data": rows} if page.paging is None else {"data": rows, "paging": page.paging}


def _business_id(caller: Caller) -> str:
    return f"8{caller.user_id}"


def _business_user_id(caller: Caller) -> str:
    return f"7{caller.user_id}"
