"""What an object says of its status and its delivery. Raw signals only: what they mean is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.levels import Level
from app.providers.contract import DeliverySignals, EntityStatus, StatusRecord
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.meta.structure.object_reading import DescribedObject

_OF_ALL = "id,status,effective_status,issues_info"
_OF_BUDGETS = "daily_budget,lifetime_budget,budget_remaining,start_time"
STATUS_FIELDS = {
    Level.CAMPAIGN: f"{_OF_ALL},{_OF_BUDGETS},stop_time",
    Level.ADSET: f"{_OF_ALL},{_OF_BUDGETS},end_time,campaign_id,learning_stage_info",
    Level.AD: f"{_OF_ALL},campaign_id,adset_id",
}
_BUDGETS = ("daily_budget", "lifetime_budget")

# Every effective status that a level can have (official SDK 26.0.3).
_OF_CAMPAIGNS = ("ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
_OF_ADSETS = (*_OF_CAMPAIGNS, "CAMPAIGN_PAUSED")
_OF_ADS = (
    *_OF_ADSETS,
    "ADSET_PAUSED",
    "PENDING_REVIEW",
    "DISAPPROVED",
    "PREAPPROVED",
    "PENDING_BILLING_INFO",
)
EFFECTIVE_STATUSES: Mapping[Level, Sequence[str]] = {
    Level.CAMPAIGN: _OF_CAMPAIGNS,
    Level.ADSET: _OF_ADSETS,
    Level.AD: _OF_ADS,
}
_KNOWN: Mapping[Subject, Sequence[str]] = {
    Subject.CAMPAIGN: _OF_CAMPAIGNS,
    Subject.ADSET: _OF_ADSETS,
    Subject.AD: _OF_ADS,
}


def parse_status(found: DescribedObject) -> EntityStatus:
    """What was set. The four values are those that the official SDK lists as writable; any other is UNKNOWN."""
    text = found.find("status", found.node.optional_text)
    try:
        return EntityStatus(text)
    except ValueError:
        found.note(f"The {found.noun}'s status is none that is known here.", "status")
        return EntityStatus.UNKNOWN


def parse_delivery(found: DescribedObject) -> DeliverySignals:
    """Campaigns end at `stop_time`, ad sets at `end_time`; an object has only the fields of its level."""
    node = found.node
    learning = found.find("learning_stage_info", node.child)
    return DeliverySignals(
        effective_status=_effective_status(found),
        starts_at=found.find("start_time", node.moment),
        ends_at=found.find("stop_time", node.moment) or found.find("end_time", node.moment),
        learning=found.find("status", learning.optional_text) if learning else None,
        has_issues=bool(found.find("issues_info", node.items)),
        budget_exhausted=_budget_exhausted(found),
    )


def parse_status_record(found: DescribedObject) -> StatusRecord:
    return StatusRecord(
        external_id=found.external_id,
        status=parse_status(found),
        delivery=parse_delivery(found),
        adset_external_id=found.find("adset_id", found.node.optional_identifier),
        campaign_external_id=found.find("campaign_id", found.node.optional_identifier),
    )


def _effective_status(found: DescribedObject) -> str | None:
    text = found.find("effective_status", found.node.optional_text)
    if text not in _KNOWN[found.subject]:
        found.note(f"The {found.noun}'s effective_status is none that is known here.", "effective_status")
    return text


def _budget_exhausted(found: DescribedObject) -> bool:
    """Nothing remains of a budget of its own; without one, Meta reports 0 remaining all the time (from memory)."""
    has_own = any(found.find(name, found.node.number) for name in _BUDGETS)
    return has_own and found.find("budget_remaining", found.node.number) == 0
