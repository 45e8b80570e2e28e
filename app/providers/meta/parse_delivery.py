"""What a node says of its status and its delivery. Raw signals only: what they mean together is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.levels import Level
from app.providers.contract import DeliverySignals, EntityStatus, StatusRecord

if TYPE_CHECKING:
    from app.providers.meta.node import Node

_OF_ALL = "id,status,effective_status,issues_info"
_OF_BUDGETS = "daily_budget,lifetime_budget,budget_remaining,start_time"
STATUS_FIELDS = {
    Level.CAMPAIGN: f"{_OF_ALL},{_OF_BUDGETS},stop_time",
    Level.ADSET: f"{_OF_ALL},{_OF_BUDGETS},end_time,campaign_id,learning_stage_info",
    Level.AD: f"{_OF_ALL},campaign_id,adset_id",
}
_BUDGETS = ("daily_budget", "lifetime_budget")
_ZERO = "0"


def parse_status(node: Node) -> EntityStatus:
    """What was set. The four values are those that the official SDK lists as writable."""
    try:
        return EntityStatus(node.text("status"))
    except ValueError:
        raise node.misshapen("status", "has a value that is not known") from None


def parse_delivery(node: Node) -> DeliverySignals:
    """Campaigns end at `stop_time`, ad sets at `end_time`; a node has only the fields of its level."""
    learning = node.child("learning_stage_info")
    return DeliverySignals(
        effective_status=node.optional_text("effective_status"),
        starts_at=node.moment("start_time"),
        ends_at=node.moment("stop_time") or node.moment("end_time"),
        learning=learning.optional_text("status") if learning else None,
        has_issues=bool(node.children("issues_info")),
        budget_exhausted=_budget_exhausted(node),
    )


def parse_status_record(node: Node) -> StatusRecord:
    return StatusRecord(
        external_id=node.text("id"),
        status=parse_status(node),
        delivery=parse_delivery(node),
        adset_external_id=node.optional_text("adset_id"),
        campaign_external_id=node.optional_text("campaign_id"),
    )


def _budget_exhausted(node: Node) -> bool:
    """Nothing remains of a budget of its own; without one, Meta reports 0 remaining all the time (from memory)."""
    has_own = any((node.optional_text(name) or _ZERO) != _ZERO for name in _BUDGETS)
    return has_own and node.optional_text("budget_remaining") == _ZERO
