"""What keeps an entity from delivering although it is active: its account, a schedule, or what stands above it.

An end or a start of anything above counts as the entity's own. An ended campaign is told by its own end or by the ends
of its ad sets. Instants that mean "none" never get here: providers read them as None.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.levels import Level
from app.providers.contract import AccountStanding
from app.services.structure.account_tree import ACTIVE
from app.vocabulary import DeliveryStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from app.providers.contract import DeliverySignals, StatusRecord
    from app.services.structure.account_tree import AccountTree

_GONE = frozenset({"ARCHIVED", "DELETED"})


class HoldUp(NamedTuple):
    """What is shown instead of ACTIVE, and why."""

    status: DeliveryStatus
    reason: str


_BY_ACCOUNT = HoldUp(DeliveryStatus.NOT_DELIVERING, "account")
_COMPLETED = HoldUp(DeliveryStatus.INACTIVE, "completed")
_SCHEDULED = HoldUp(DeliveryStatus.NOT_DELIVERING, "scheduled")
# What an end of its own comes before.
_IN_TIME = (None, _COMPLETED, _SCHEDULED)


class HoldUps:
    """The hold-ups in one account's tree at one moment. Each is asked of what is active itself."""

    def __init__(self, tree: AccountTree, *, now: datetime) -> None:
        self._blocked = tree.standing is AccountStanding.BLOCKED
        self._now = now
        self._campaigns = _by_id(tree.known_campaigns, tree.campaigns)
        self._adsets = _by_id(tree.known_adsets, tree.adsets)
        self._adsets_of = _by_campaign(() if Level.ADSET in tree.unread else tree.adsets)
        # What many ads have above them: by campaign and ad set.
        self._above: dict[tuple[str | None, str | None], HoldUp | None] = {}

    def of_campaign(self, campaign: StatusRecord) -> HoldUp | None:
        """By its account, its own schedule or those of all its ad sets, whose end comes before a start of its own."""
        own = self._find(campaign, None)
        if own not in (None, _SCHEDULED):
            return own
        by_adsets = self._of_adsets(self._adsets_of.get(campaign.external_id, ()))
        return by_adsets if by_adsets is _COMPLETED else own or by_adsets

    def of_adset(self, adset: StatusRecord) -> HoldUp | None:
        """By its account, its campaign or its own schedule."""
        return self._find(adset, self._find_above(adset.campaign_external_id, None))

    def of_ad(self, ad: StatusRecord) -> HoldUp | None:
        """By its account, its campaign or its ad set."""
        return self._find(ad, self._find_above(ad.campaign_external_id, ad.adset_external_id))

    def _find(self, record: StatusRecord, above: HoldUp | None) -> HoldUp | None:
        if self._blocked:
            return _BY_ACCOUNT
        if self._has_ended(record.delivery) and above in _IN_TIME:
            return _COMPLETED
        return above or (_SCHEDULED if self._is_to_come(record.delivery) else None)

    def _find_above(self, campaign_id: str | None, adset_id: str | None) -> HoldUp | None:
        key = (campaign_id, adset_id)
        if key not in self._above:
            adset = self._adsets.get(adset_id or "")
            campaign = self._campaigns.get(campaign_id or (adset and adset.campaign_external_id) or "")
            self._above[key] = self._of_parents({"campaign": campaign, "adset": adset})
        return self._above[key]

    def _of_parents(self, parents: Mapping[str, StatusRecord | None]) -> HoldUp | None:
        """A switch comes first, as in the platform's own words below it; then an end, which no start undoes."""
        signals = {named: parent.delivery for named, parent in parents.items() if parent is not None}
        for named, each in signals.items():
            if stopped := _stopped(named, each.effective_status):
                return stopped
        if any(map(self._has_ended, signals.values())):
            return _COMPLETED
        return _SCHEDULED if any(map(self._is_to_come, signals.values())) else None

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


def _stopped(named: str, word: str | None) -> HoldUp | None:
    """What was switched off or put away above; the platform may tell it there before it does below."""
    if word in _GONE:
        return HoldUp(DeliveryStatus.INACTIVE, f"{named}_{word.lower()}")
    if word == "PAUSED":
        return HoldUp(DeliveryStatus.NOT_DELIVERING, f"{named}_paused")
    if word == "CAMPAIGN_PAUSED":
        return HoldUp(DeliveryStatus.NOT_DELIVERING, "campaign_paused")
    return None


def _by_id(*records: Iterable[StatusRecord]) -> Mapping[str, StatusRecord]:
    return {record.external_id: record for some in records for record in some}


def _by_campaign(adsets: Iterable[StatusRecord]) -> Mapping[str, Sequence[DeliverySignals]]:
    grouped: defaultdict[str, list[DeliverySignals]] = defaultdict(list)
    for adset in adsets:
        grouped[adset.campaign_external_id or ""].append(adset.delivery)
    return grouped
