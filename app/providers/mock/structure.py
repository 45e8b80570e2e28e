"""A mock account's entities as the platform would list them: its plan, overlaid with the statuses that were set."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from app.metrics.levels import Level
from app.providers.contract import (
    AdRecord,
    AdsetRecord,
    CampaignRecord,
    DeliverySignals,
    EntityStatus,
    StatusRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.providers.mock.plan import AdPlan, AdsetPlan, CampaignPlan, MockAccountPlan

_MICROS = 1_000_000
_GONE = frozenset({EntityStatus.ARCHIVED, EntityStatus.DELETED})


class MockStructure(NamedTuple):
    """One reading of the account: nothing set while it is read shows in it."""

    plan: MockAccountPlan
    statuses: Mapping[tuple[Level, str], EntityStatus]
    time_zone: str

    def campaigns(self) -> Iterator[CampaignRecord]:
        for campaign in self.plan.campaigns:
            started_at = self._midnight(campaign.started_on)
            yield CampaignRecord(
                external_id=campaign.external_id,
                name=campaign.name,
                status=self._campaign_status(campaign),
                budget_micros=int(campaign.budget * _MICROS),
                budget_type=campaign.budget_type,
                starts_at=started_at,
                created_at=started_at,
                delivery=DeliverySignals(effective_status=self._campaign_status(campaign).value, starts_at=started_at),
            )

    def adsets(self) -> Iterator[AdsetRecord]:
        for campaign, adset in self._each_adset():
            started_at = self._midnight(campaign.started_on)
            yield AdsetRecord(
                external_id=adset.external_id,
                campaign_external_id=campaign.external_id,
                name=adset.name,
                status=self._adset_status(adset),
                optimization_goal="OFFSITE_CONVERSIONS",
                targeting={"geo_locations": {"countries": [adset.market]}, "age_min": 21, "age_max": 65},
                starts_at=started_at,
                created_at=started_at,
                delivery=self._adset_delivery(campaign, adset),
            )

    def ads(self) -> Iterator[AdRecord]:
        for campaign, adset, ad in self._each_ad():
            yield AdRecord(
                external_id=ad.external_id,
                adset_external_id=adset.external_id,
                campaign_external_id=campaign.external_id,
                name=ad.name,
                status=self._ad_status(ad),
                created_at=self._midnight(campaign.started_on),
                delivery=DeliverySignals(effective_status=self._ad_effective(campaign, adset, ad)),
            )

    def status_records(self, level: Level) -> Iterator[StatusRecord]:
        """The same facts as the listings, in the short form; nothing for ACCOUNT."""
        if level is Level.CAMPAIGN:
            for campaign in self.campaigns():
                yield StatusRecord(
                    external_id=campaign.external_id,
                    status=campaign.status,
                    delivery=campaign.delivery,
                )
        elif level is Level.ADSET:
            for adset in self.adsets():
                yield StatusRecord(
                    external_id=adset.external_id,
                    status=adset.status,
                    delivery=adset.delivery,
                    campaign_external_id=adset.campaign_external_id,
                )
        elif level is Level.AD:
            for ad in self.ads():
                yield StatusRecord(
                    external_id=ad.external_id,
                    status=ad.status,
                    delivery=ad.delivery,
                    adset_external_id=ad.adset_external_id,
                    campaign_external_id=ad.campaign_external_id,
                )

    def _each_adset(self) -> Iterator[tuple[CampaignPlan, AdsetPlan]]:
        for campaign in self.plan.campaigns:
            for adset in campaign.adsets:
                yield campaign, adset

    def _each_ad(self) -> Iterator[tuple[CampaignPlan, AdsetPlan, AdPlan]]:
        for campaign, adset in self._each_adset():
            for ad in adset.ads:
                yield campaign, adset, ad

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)

    def _campaign_status(self, campaign: CampaignPlan) -> EntityStatus:
        return self.statuses.get((Level.CAMPAIGN, campaign.external_id), campaign.status)

    def _adset_status(self, adset: AdsetPlan) -> EntityStatus:
        return self.statuses.get((Level.ADSET, adset.external_id), adset.status)

    def _ad_status(self, ad: AdPlan) -> EntityStatus:
        return self.statuses.get((Level.AD, ad.external_id), ad.status)

    def _adset_delivery(self, campaign: CampaignPlan, adset: AdsetPlan) -> DeliverySignals:
        effective = self._adset_effective(campaign, adset)
        return DeliverySignals(
            effective_status=effective,
            starts_at=self._midnight(campaign.started_on),
            learning=adset.learning if effective == EntityStatus.ACTIVE else None,
        )

    def _adset_effective(self, campaign: CampaignPlan, adset: AdsetPlan) -> str:
        own, parent = self._adset_status(adset), self._campaign_status(campaign)
        if own in _GONE or parent is EntityStatus.ACTIVE:
            return own.value
        if parent in _GONE:
            return parent.value
        return own.value if own is EntityStatus.PAUSED else "CAMPAIGN_PAUSED"

    def _ad_effective(self, campaign: CampaignPlan, adset: AdsetPlan, ad: AdPlan) -> str:
        own, parent = self._ad_status(ad), self._adset_effective(campaign, adset)
        if own in _GONE:
            return own.value
        if parent in _GONE:
            return parent
        if own is EntityStatus.PAUSED:
            return own.value
        if parent != EntityStatus.ACTIVE:
            return self._stopped_by(campaign)
        return ad.review or own.value

    def _stopped_by(self, campaign: CampaignPlan) -> str:
        """What stops an ad that is active itself: the uppermost of those that do."""
        return "ADSET_PAUSED" if self._campaign_status(campaign) is EntityStatus.ACTIVE else "CAMPAIGN_PAUSED"
