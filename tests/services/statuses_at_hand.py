"""What the platform says of entities' statuses, made up for mapping it."""

from __future__ import annotations

from app.providers.contract import DeliverySignals, StatusRecord
from app.vocabulary import EntityStatus


def said(effective_status: str | None) -> DeliverySignals:
    """An effective status, and nothing else."""
    return DeliverySignals(effective_status=effective_status)


def record(
    external_id: str, signals: DeliverySignals, adset: str | None = None, campaign: str | None = None
) -> StatusRecord:
    """An entity that is switched on itself, under these."""
    return StatusRecord(
        external_id=external_id,
        status=EntityStatus.ACTIVE,
        delivery=signals,
        adset_external_id=adset,
        campaign_external_id=campaign,
    )
