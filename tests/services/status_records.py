"""What a platform says of one campaign, ad set or ad."""

from __future__ import annotations

from app.providers.contract import DeliverySignals, StatusRecord
from app.vocabulary import EntityStatus


def said(effective_status: str | None) -> DeliverySignals:
    return DeliverySignals(effective_status=effective_status)


def record(
    external_id: str, signals: DeliverySignals, adset: str | None = None, campaign: str | None = None
) -> StatusRecord:
    return StatusRecord(
        external_id=external_id,
        status=EntityStatus.ACTIVE,
        delivery=signals,
        adset_external_id=adset,
        campaign_external_id=campaign,
    )
