"""From what Meta says of an account's tree to one DeliveryStatus each. Pure: no I/O, no clock of its own.

The rules and their order are a table (first match wins); the raw value and a reason are kept beside the result.
Sources: effective_status values, learning_stage_info and issues_info of the official SDK 26.0.3; account_status 1
(ACTIVE) and 9 (IN_GRACE_PERIOD) deliver.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.levels import Level
from app.vocabulary import AccountStanding, DeliveryStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from app.providers.contract import DeliverySignals, StatusRecord

_STOPPED = frozenset({"DELETED", "ARCHIVED", "PAUSED", "CAMPAIGN_PAUSED", "ADSET_PAUSED"})
_BROKEN = frozenset({"DISAPPROVED", "WITH_ISSUES", "PENDING_BILLING_INFO"})
_IN_REVIEW = frozenset({"PENDING_REVIEW", "IN_PROCESS"})
_REJECTED = frozenset({"DISAPPROVED", "WITH_ISSUES"})


class Delivery(NamedTuple):
    """What we show: the status, Meta's own word for it, and why, where the word alone doesn't say."""

    status: DeliveryStatus
    raw: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTree:
    """One account's statuses, as one poll saw them. `unread`: levels of which it did not see all."""

    standing: AccountStanding
    campaigns: Sequence[StatusRecord]
    adsets: Sequence[StatusRecord]
    ads: Sequence[StatusRecord]
    unread: AbstractSet[Level] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMap:
    """By external id, level by level."""

    campaigns: Mapping[str, Delivery]
    adsets: Mapping[str, Delivery]
    ads: Mapping[str, Delivery]


def map_delivery(tree: AccountTree, *, now: datetime) -> DeliveryMap:
    """The delivery of every campaign, ad set and ad of an account."""
    sees_all_ads = Level.AD not in tree.unread
    ads_of_campaign = _effective_by_parent(tree.ads, lambda ad: ad.campaign_external_id)
    ads_of_adset = _effective_by_parent(tree.ads, lambda ad: ad.adset_external_id)
    learning = {adset.external_id: adset.delivery.learning for adset in tree.adsets}
    learning_of_campaign = _learning_by_campaign(tree.adsets)
    return DeliveryMap(
        campaigns={
            record.external_id: _map(
                record.delivery,
                standing=tree.standing,
                children=ads_of_campaign.get(record.external_id, []) if sees_all_ads else None,
                learning=learning_of_campaign.get(record.external_id),
                now=now,
            )
            for record in tree.campaigns
        },
        adsets={
            record.external_id: _map(
                record.delivery,
                standing=tree.standing,
                children=ads_of_adset.get(record.external_id, []) if sees_all_ads else None,
                learning=record.delivery.learning,
                now=now,
            )
            for record in tree.adsets
        },
        ads={
            record.external_id: _map(
                record.delivery,
                standing=tree.standing,
                children=None,
                learning=learning.get(record.adset_external_id or ""),
                now=now,
            )
            for record in tree.ads
        },
    )


def _map(
    signals: DeliverySignals,
    *,
    standing: AccountStanding,
    children: Sequence[str] | None,
    learning: str | None,
    now: datetime,
) -> Delivery:
    raw = signals.effective_status
    if raw != "ACTIVE":
        return _not_active(raw)
    return (
        _held_up(signals, standing=standing, now=now)
        or _without_children(children)
        or _learning(learning)
        or _limited(signals)
        or Delivery(DeliveryStatus.ACTIVE, raw)
    )


def _not_active(raw: str | None) -> Delivery:
    if raw in _STOPPED:
        return Delivery(DeliveryStatus.INACTIVE, raw)
    if raw in _BROKEN:
        return Delivery(DeliveryStatus.ERROR, raw)
    if raw in _IN_REVIEW:
        return Delivery(DeliveryStatus.PENDING_REVIEW, raw)
    if raw == "PREAPPROVED":
        return Delivery(DeliveryStatus.PENDING_REVIEW, raw, "scheduled")
    return Delivery(DeliveryStatus.UNKNOWN, raw)


def _held_up(signals: DeliverySignals, *, standing: AccountStanding, now: datetime) -> Delivery | None:
    if standing is AccountStanding.BLOCKED:
        return Delivery(DeliveryStatus.NOT_DELIVERING, "ACTIVE", "account")
    if signals.ends_at is not None and signals.ends_at <= now:
        return Delivery(DeliveryStatus.INACTIVE, "ACTIVE", "completed")
    if signals.starts_at is not None and signals.starts_at > now:
        return Delivery(DeliveryStatus.NOT_DELIVERING, "ACTIVE", "scheduled")
    return None


def _without_children(children: Sequence[str] | None) -> Delivery | None:
    if children is None or "ACTIVE" in children:
        return None
    if children and all(child in _REJECTED for child in children):
        return Delivery(DeliveryStatus.ERROR, "ACTIVE", "all_ads_rejected")
    if any(child in _IN_REVIEW or child == "PREAPPROVED" for child in children):
        return Delivery(DeliveryStatus.PENDING_REVIEW, "ACTIVE", "ads_in_review")
    return Delivery(DeliveryStatus.NOT_DELIVERING, "ACTIVE", "no_active_ad")


def _learning(stage: str | None) -> Delivery | None:
    if stage == "LEARNING":
        return Delivery(DeliveryStatus.LEARNING, "ACTIVE")
    if stage == "FAIL":
        return Delivery(DeliveryStatus.LIMITED, "ACTIVE", "learning_limited")
    return None


def _limited(signals: DeliverySignals) -> Delivery | None:
    if signals.has_issues:
        return Delivery(DeliveryStatus.LIMITED, "ACTIVE", "issues")
    if signals.budget_exhausted:
        return Delivery(DeliveryStatus.LIMITED, "ACTIVE", "budget")
    return None


def _effective_by_parent(
    records: Iterable[StatusRecord],
    parent: Callable[[StatusRecord], str | None],
) -> Mapping[str, Sequence[str]]:
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        grouped[parent(record) or ""].append(record.delivery.effective_status or "")
    return grouped


def _learning_by_campaign(adsets: Iterable[StatusRecord]) -> Mapping[str, str]:
    """Any active ad set that learns, otherwise any that failed to."""
    stages: dict[str, str] = {}
    for adset in adsets:
        stage = adset.delivery.learning
        if adset.delivery.effective_status != "ACTIVE" or stage not in {"LEARNING", "FAIL"}:
            continue
        campaign = adset.campaign_external_id or ""
        if stage == "LEARNING" or campaign not in stages:
            stages[campaign] = stage
    return stages
