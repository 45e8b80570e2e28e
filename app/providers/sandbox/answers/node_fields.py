"""How an account, campaign, ad set or ad is rendered: only the fields asked for, and `id`.

What is empty is left out; statuses, times and budgets have Meta's shapes (times in the account's zone, budgets as
strings in minor units). Fields that Meta doesn't have are an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.providers.sandbox.answers.field_names import ACCOUNT_FIELDS, AD_FIELDS, ADSET_FIELDS, CAMPAIGN_FIELDS
from app.providers.sandbox.answers.fields import parse_fields, pick
from app.providers.sandbox.errors import unknown_field
from app.providers.sandbox.world.dataset import LEVELS, Entity, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from app.providers.sandbox.answers.fields import AskedField
    from app.providers.sandbox.answers.live_account import LiveAccount

_KNOWN = {
    Kind.ACCOUNT: (ACCOUNT_FIELDS, "AdAccount"),
    Kind.CAMPAIGN: (CAMPAIGN_FIELDS, "Campaign"),
    Kind.ADSET: (ADSET_FIELDS, "AdSet"),
    Kind.AD: (AD_FIELDS, "Ad"),
}


def render_account(live: LiveAccount, fields: str | None) -> dict[str, object]:
    account = live.account
    asked = parse_fields(fields, ("account_id",))
    _check(Kind.ACCOUNT, asked)
    offset = clock.now().astimezone(live.zone).utcoffset()
    hours = offset.total_seconds() / 3600 if offset is not None else 0
    values: dict[str, object] = {
        "account_id": account.id,
        "name": account.name,
        "currency": live.currency,
        "timezone_name": account.time_zone,
        "timezone_offset_hours_utc": int(hours) if hours == int(hours) else hours,
        "account_status": account.account_status,
        "disable_reason": 0,
    }
    return pick(asked, values) | {"id": f"act_{account.id}"}


def render_entity(live: LiveAccount, entity: Entity, fields: str | None) -> dict[str, object]:
    asked = parse_fields(fields)
    _check(entity.kind, asked)
    rendered: dict[str, object] = {}
    for name, shown, inner in asked:
        value = find_value(live, entity, name) if name not in LEVELS else _parent(live, entity, name, inner)
        if value is not None:
            rendered[shown] = value
    return rendered | {"id": entity.id}


def find_value(live: LiveAccount, entity: Entity, name: str) -> object | None:
    """One field's value as Meta shows it; None where it is empty or not carried here."""
    render = _RENDERERS.get(name)
    return render(live, entity) if render is not None else None


def updated_at(live: LiveAccount, entity: Entity) -> datetime:
    changes = live.changes.list_changes(entity.id)
    return changes[-1].at if changes else entity.status_since or entity.created_at


def is_field_of(kind: Kind, name: str) -> bool:
    """Whether Meta's nodes of the kind have the field."""
    return name in _KNOWN[kind][0]


def check_fields(kind: Kind, fields: str | None) -> None:
    """Raise GraphError for a field that nodes of the kind don't have, whether or not there are any."""
    _check(kind, parse_fields(fields))


def _check(kind: Kind, asked: Sequence[AskedField]) -> None:
    for each in asked:
        if not is_field_of(kind, each.name):
            raise unknown_field(each.name, _KNOWN[kind][1])


def _parent(live: LiveAccount, entity: Entity, name: str, inner: str | None) -> object | None:
    if name == Kind.ACCOUNT:
        return render_account(live, inner)
    found = next((each for each in live.lineage(entity.id)[1:] if each.kind == name), None)
    return render_entity(live, found, inner) if found is not None else None


def _time(live: LiveAccount, instant: datetime | None) -> str | None:
    return instant.astimezone(live.zone).strftime("%Y-%m-%dT%H:%M:%S%z") if instant is not None else None


def _ancestor_id(kind: Kind) -> Callable[[LiveAccount, Entity], object | None]:
    def find(live: LiveAccount, entity: Entity) -> str | None:
        return next((each.id for each in live.lineage(entity.id) if each.kind is kind), None)

    return find


def _budget(name: str) -> Callable[[LiveAccount, Entity], object | None]:
    """Written or given. An ad set with one kind of budget shows the other as "0", as was seen of Meta."""
    other = {"daily_budget": "lifetime_budget", "lifetime_budget": "daily_budget"}[name]

    def find(live: LiveAccount, entity: Entity) -> str | None:
        own = live.changes.find_value(entity.id, name)
        if own is None and getattr(entity, name) is not None:
            own = str(getattr(entity, name))
        if own is None and entity.kind is Kind.ADSET and getattr(entity, other) is not None:
            return "0"
        return own

    return find


def _issues(_live: LiveAccount, entity: Entity) -> object | None:
    issue = entity.issue
    if issue is None:
        return None
    return [
        {
            "level": issue.level,
            "error_code": issue.code,
            "error_type": "HARD_ERROR" if entity.held is not None else "SOFT_ERROR",
            "error_summary": issue.summary,
            "error_message": issue.message,
        },
    ]


def _learning(live: LiveAccount, entity: Entity) -> object | None:
    """For active ad sets only (Meta's documentation of learning_stage_info)."""
    if entity.kind is not Kind.ADSET or entity.learning is None:
        return None
    if live.effective_status(entity) != Status.ACTIVE:
        return None
    return {
        "status": entity.learning,
        "conversions": 12 if entity.learning == "LEARNING" else 50,
        "last_sig_edit_ts": int(entity.created_at.timestamp()),
        "attribution_windows": ["7d_click", "1d_view"],
    }


def _review(_live: LiveAccount, entity: Entity) -> object | None:
    if entity.held != "DISAPPROVED":
        return None
    return {"global": {"ADVERTISING_POLICY": "This ad goes against our standards."}}


_RENDERERS: Mapping[str, Callable[[LiveAccount, Entity], object | None]] = {
    "id": lambda _live, entity: entity.id,
    "account_id": lambda live, _entity: live.account.id,
    "campaign_id": _ancestor_id(Kind.CAMPAIGN),
    "adset_id": _ancestor_id(Kind.ADSET),
    "name": lambda live, entity: live.changes.find_value(entity.id, "name") or entity.name,
    "status": lambda live, entity: live.status(entity),
    "configured_status": lambda live, entity: live.status(entity),
    "effective_status": lambda live, entity: live.effective_status(entity),
    "objective": lambda _live, entity: entity.objective,
    "optimization_goal": lambda _live, entity: entity.optimization_goal,
    "billing_event": lambda _live, _entity: "IMPRESSIONS",
    "buying_type": lambda _live, _entity: "AUCTION",
    "targeting": lambda _live, entity: dict(entity.targeting) or None,
    "daily_budget": _budget("daily_budget"),
    "lifetime_budget": _budget("lifetime_budget"),
    "budget_remaining": lambda _live, entity: (
        str(entity.budget_remaining) if entity.budget_remaining is not None else None
    ),
    "start_time": lambda live, entity: _time(live, entity.starts_at or entity.created_at),
    "stop_time": lambda live, entity: _time(live, entity.ends_at),
    "end_time": lambda live, entity: _time(live, entity.ends_at),
    "created_time": lambda live, entity: _time(live, entity.created_at),
    "updated_time": lambda live, entity: _time(live, updated_at(live, entity)),
    "issues_info": _issues,
    "learning_stage_info": _learning,
    "ad_review_feedback": _review,
}
