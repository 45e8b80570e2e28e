"""What keeps an entity from delivering although it is active: its account, a schedule, or what stands above it.

An end or a start of anything above counts as the entity's own. An ended campaign is told by its own end or by the ends
of its ad sets. Instants that mean "none" never get here: providers read them as None.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.levels import Level
from app.providers.contract import AccountStanding
from app.services.account_tree import ACTIVE
from app.vocabulary import DeliveryStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from app.providers.contract import DeliverySignals, StatusRecord
    from app.services.account_tree import AccountTree

_GONE = frozenset({"ARCHIVED", "DELETED"})
_PAUSED = frozenset({"PAUSED", "CAMPAIGN_PAUSED"})


class HoldUp(NamedTuple):
    """What is shown instead of ACTIVE, and why."""

    status: DeliveryStatus
    reason: str


_BY_ACCOUNT = HoldUp(DeliveryStatus.NOT_DELIVERING, "account")
_COMPLETED = HoldUp(DeliveryStatus.INACTIVE, "completed")
_SCHEDULED = HoldUp(DeliveryStatus.NOT_DELIVERING, "scheduled")


class HoldUps:
    """The hold-ups in one account's tree at one moment. Each is asked of what is active itself."""

    def __init__(self, tree: AccountTree, *, now: datetime) -> None:
        self._blocked = tree.standing is AccountStanding.BLOCKED
        self._now = now
        self._campaigns = _by_id(tree.known_campaigns, tree.campaigns)
        self._adsets = _by_id(tree.known_adsets, tree.adsets)
        self._adsets_of = _by_campaign(() if Level.ADSET in tree.unread else tree.adsets)

    def of_campaign(self, campaign: StatusRecord) -> HoldUp | None:
        """By its account, its own schedule or those of all its ad sets."""
        return self._find([campaign.delivery]) or self._of_adsets(self._adsets_of.get(campaign.external_id, ()))

    def of_adset(self, adset: StatusRecord) -> HoldUp | None:
        """By its account, its campaign or its own schedule."""
        campaign = self._campaign(adset)
        return self._find([adset.delivery, campaign]) or _stopped("campaign", campaign)

    def of_ad(self, ad: StatusRecord) -> HoldUp | None:
        """By its account, its campaign or its ad set."""
        adset = self._adsets.get(ad.adset_external_id or "")
        campaign = self._campaign(ad) or self._campaign(adset)
        schedules = [ad.delivery, campaign, adset and adset.delivery]
        return self._find(schedules) or _stopped("campaign", campaign) or _stopped("adset", adset and adset.delivery)

    def _campaign(self, child: StatusRecord | None) -> DeliverySignals | None:
        campaign = self._campaigns.get(child.campaign_external_id or "") if child else None
        return campaign and campaign.delivery

    def _find(self, schedules: Iterable[DeliverySignals | None]) -> HoldUp | None:
        if self._blocked:
            return _BY_ACCOUNT
        named = [each for each in schedules if each is not None]
        if any(map(self._has_ended, named)):
            return _COMPLETED
        return _SCHEDULED if any(map(self._is_to_come, named)) else None

    def _of_adsets(self, adsets: Sequence[DeliverySignals]) -> HoldUp | None:
        """Ad sets that were archived or deleted count no more; of the others, those that are switched on come first."""
        there = [each for each in adsets if each.effective_status not in _GONE]
        left = [each for each in there if not self._has_ended(each)]
        if there and not left:
            return _COMPLETED
        switched_on = [each for each in left if each.effective_status == ACTIVE] or left
        return _SCHEDULED if switched_on and all(map(self._is_to_come, switched_on)) else None

    def _has_ended(self, signals: DeliverySignals) -> bool:
        return signals.ends_at is not None and signals.ends_at <= self._now

    def _is_to_come(self, signals: DeliverySignals) -> bool:
        return signals.starts_at is not None and signals.starts_at > self._now


def _stopped(named: str, above: DeliverySignals | None) -> HoldUp | None:
    """What was switched off or put away above; the platform may tell it there before it does below."""
    word = above.effective_status if above else None
    if word in _GONE:
        return HoldUp(DeliveryStatus.INACTIVE, f"{named}_{word.lower()}")
    if word in _PAUSED:
        return HoldUp(DeliveryStatus.NOT_DELIVERING, "campaign_paused" if word != "PAUSED" else f"{named}_paused")
    return None


def _by_id(*records: Iterable[StatusRecord]) -> Mapping[str, StatusRecord]:
    return {record.external_id: record for some in records for record in some}


def _by_campaign(adsets: Iterable[StatusRecord]) -> Mapping[str, Sequence[DeliverySignals]]:
    grouped: defaultdict[str, list[DeliverySignals]] = defaultdict(list)
    for adset in adsets:
        grouped[adset.campaign_external_id or ""].append(adset.delivery)
    return grouped
