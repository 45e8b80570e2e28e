"""From what Meta says of an account's tree to one DeliveryStatus each. Pure: no I/O, no clock of its own.

The rules and their order are a table (first match wins); the raw value and a reason are kept beside the result.
Sources: effective_status values, learning_stage_info and issues_info of the official SDK 26.0.3; account_status 1
(ACTIVE) and 9 (IN_GRACE_PERIOD) deliver.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.levels import Level
from app.services.structure.account_tree import ACTIVE
from app.services.structure.hold_ups import HoldUp, HoldUps
from app.vocabulary import DeliveryStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from app.providers.contract import DeliverySignals, StatusRecord
    from app.services.structure.account_tree import AccountTree

_STOPPED = frozenset({"DELETED", "ARCHIVED", "PAUSED"})
_STOPPED_ABOVE = frozenset({"CAMPAIGN_PAUSED", "ADSET_PAUSED"})
_BROKEN = frozenset({"DISAPPROVED", "WITH_ISSUES", "PENDING_BILLING_INFO"})
_IN_REVIEW = frozenset({"PENDING_REVIEW", "IN_PROCESS"})
_REJECTED = frozenset({"DISAPPROVED", "WITH_ISSUES"})
# An ad's word in place of ACTIVE where its schedule or what stands above it keeps it from delivering.
_HELD_UP = "HELD_UP"


class Delivery(NamedTuple):
    """What we show: the status, Meta's own word for it, and why, where the word alone doesn't say."""

    status: DeliveryStatus
    raw: str | None
    reason: str | None = None


class DeliveryMap(NamedTuple):
    """By external id, level by level."""

    campaigns: Mapping[str, Delivery]
    adsets: Mapping[str, Delivery]
    ads: Mapping[str, Delivery]


def map_delivery(tree: AccountTree, *, now: datetime) -> DeliveryMap:
    """The delivery of every campaign, ad set and ad of an account."""
    hold_ups = HoldUps(tree, now=now)
    sees_all_ads = Level.AD not in tree.unread
    ads_of_campaign = _words_by_parent(tree.ads, hold_ups, lambda ad: ad.campaign_external_id)
    ads_of_adset = _words_by_parent(tree.ads, hold_ups, lambda ad: ad.adset_external_id)
    learning = {adset.external_id: adset.delivery.learning for adset in tree.adsets}
    learning_of_campaign = _learning_by_campaign(tree.adsets, hold_ups)
    return DeliveryMap(
        campaigns={
            record.external_id: _map(
                record.delivery,
                hold_up=hold_ups.of_campaign(record),
                children=ads_of_campaign.get(record.external_id, []) if sees_all_ads else None,
                learning=learning_of_campaign.get(record.external_id),
            )
            for record in tree.campaigns
        },
        adsets={
            record.external_id: _map(
                record.delivery,
                hold_up=hold_ups.of_adset(record),
                children=ads_of_adset.get(record.external_id, []) if sees_all_ads else None,
                learning=record.delivery.learning,
            )
            for record in tree.adsets
        },
        ads={
            record.external_id: _map(
                record.delivery,
                hold_up=hold_ups.of_ad(record),
                children=None,
                learning=learning.get(record.adset_external_id or ""),
            )
            for record in tree.ads
        },
    )


def _map(
    signals: DeliverySignals,
    *,
    hold_up: HoldUp | None,
    children: Sequence[str] | None,
    learning: str | None,
) -> Delivery:
    raw = signals.effective_status
    if raw != ACTIVE:
        return _not_active(raw)
    if hold_up is not None:
        return Delivery(hold_up.status, raw, hold_up.reason)
    return (
        _without_children(children) or _learning(learning) or _limited(signals) or Delivery(DeliveryStatus.ACTIVE, raw)
    )


def _not_active(raw: str | None) -> Delivery:
    if raw in _STOPPED:
        return Delivery(DeliveryStatus.INACTIVE, raw)
    if raw in _STOPPED_ABOVE:
        return Delivery(DeliveryStatus.NOT_DELIVERING, raw, raw.lower())
    if raw in _BROKEN:
        return Delivery(DeliveryStatus.ERROR, raw)
    if raw in _IN_REVIEW:
        return Delivery(DeliveryStatus.PENDING_REVIEW, raw)
    if raw == "PREAPPROVED":
        return Delivery(DeliveryStatus.PENDING_REVIEW, raw, "scheduled")
    return Delivery(DeliveryStatus.UNKNOWN, raw)


def _without_children(children: Sequence[str] | None) -> Delivery | None:
    if children is None or ACTIVE in children:
        return None
    if children and all(child in _REJECTED for child in children):
        return Delivery(DeliveryStatus.ERROR, ACTIVE, "all_ads_rejected")
    if any(child in _IN_REVIEW or child == "PREAPPROVED" for child in children):
        return Delivery(DeliveryStatus.PENDING_REVIEW, ACTIVE, "ads_in_review")
    return Delivery(DeliveryStatus.NOT_DELIVERING, ACTIVE, "no_active_ad")


def _learning(stage: str | None) -> Delivery | None:
    if stage == "LEARNING":
        return Delivery(DeliveryStatus.LEARNING, ACTIVE)
    if stage == "FAIL":
        return Delivery(DeliveryStatus.LIMITED, ACTIVE, "learning_limited")
    return None


def _limited(signals: DeliverySignals) -> Delivery | None:
    if signals.has_issues:
        return Delivery(DeliveryStatus.LIMITED, ACTIVE, "issues")
    if signals.budget_exhausted:
        return Delivery(DeliveryStatus.LIMITED, ACTIVE, "budget")
    return None


def _words_by_parent(
    ads: Sequence[StatusRecord], hold_ups: HoldUps, parent: Callable[[StatusRecord], str | None]
) -> Mapping[str, Sequence[str]]:
    """The effective statuses of ads by what they stand under, HELD_UP for those that only seem active."""
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for ad in ads:
        word = ad.delivery.effective_status or ""
        grouped[parent(ad) or ""].append(_HELD_UP if word == ACTIVE and hold_ups.of_ad(ad) else word)
    return grouped


def _learning_by_campaign(adsets: Sequence[StatusRecord], hold_ups: HoldUps) -> Mapping[str, str]:
    """Any ad set that delivers and learns, otherwise any that failed to."""
    stages: dict[str, str] = {}
    for adset in adsets:
        stage = adset.delivery.learning
        if stage not in {"LEARNING", "FAIL"} or adset.delivery.effective_status != ACTIVE or hold_ups.of_adset(adset):
            continue
        campaign = adset.campaign_external_id or ""
        if stage == "LEARNING" or campaign not in stages:
            stages[campaign] = stage
    return stages
