"""Changes to one campaign, ad set or ad: status, name and budgets (Meta's Graph API, updating).

Refuses what Meta refuses: unknown statuses, anything but a name or a deletion on archived things, everything on
deleted ones, and whatever the world marks as refused. All of a call's values are taken or none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.providers.sandbox.errors import bad_parameter, change_refused
from app.providers.sandbox.world.dataset import STATUSES, Entity, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.providers.sandbox.answers.live_account import LiveAccount

_MAX_DIGITS = 15
_BUDGETS = ("daily_budget", "lifetime_budget")


def apply_change(live: LiveAccount, entity: Entity, params: Mapping[str, str]) -> Mapping[str, object]:
    """Write what the parameters name, or raise GraphError having written nothing."""
    values: dict[str, str] = {}
    if "status" in params:
        values["status"] = _status(params["status"])
    if "name" in params:
        values["name"] = _name(params["name"])
    for budget in _BUDGETS:
        if budget in params:
            values[budget] = _amount(live, entity, budget, params[budget])
    _check_allowed(live, entity, values)
    live.changes.record(entity.id, values, clock.now())
    return {"success": True}


def _check_allowed(live: LiveAccount, entity: Entity, values: Mapping[str, str]) -> None:
    if entity.id in live.account.refused_ids:
        raise change_refused("This object can't be changed because its account's payment method needs attention.")
    standing = {live.status(each) for each in live.lineage(entity.id)}
    if Status.DELETED in standing:
        raise change_refused("Deleted objects can't be changed.")
    harmless = {"name"} if values.get("status") != Status.DELETED else {"name", "status"}
    if Status.ARCHIVED in standing and not values.keys() <= harmless:
        raise change_refused("Archived objects can't be changed; only the name can be edited.")


def _status(text: str) -> str:
    if text not in STATUSES:
        names = ", ".join(Status)
        raise bad_parameter(f"Param status must be one of {{{names}}} - got unexpected value")
    return text


def _name(text: str) -> str:
    if not text.strip():
        raise bad_parameter("Param name must not be empty")
    return text


def _amount(live: LiveAccount, entity: Entity, budget: str, text: str) -> str:
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS or int(text) == 0:
        raise bad_parameter(f"Param {budget} must be a positive integer in the currency's minor unit")
    written = live.changes.find_value(entity.id, budget)
    if entity.kind is Kind.AD or (getattr(entity, budget) is None and written is None):
        raise change_refused(f"This object has no {budget} to change.")
    return str(int(text))
