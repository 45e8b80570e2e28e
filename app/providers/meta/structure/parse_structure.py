"""Campaigns, ad sets and ads as Meta lists them, with the fields to ask for beside the code that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.metrics.levels import Level
from app.providers.contract import AdRecord, AdsetRecord, BudgetType, CampaignRecord
from app.providers.meta.structure.minor_units import budget_micros
from app.providers.meta.structure.parse_delivery import STATUS_FIELDS, parse_delivery, parse_status
from app.providers.meta.values.stored_json import stored_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.providers.meta.structure.object_reading import DescribedObject

CAMPAIGN_FIELDS = f"{STATUS_FIELDS[Level.CAMPAIGN]},name,created_time"
ADSET_FIELDS = f"{STATUS_FIELDS[Level.ADSET]},name,created_time,optimization_goal,targeting"
AD_FIELDS = f"{STATUS_FIELDS[Level.AD]},name,created_time"


def parse_campaign(found: DescribedObject, currency: str) -> CampaignRecord:
    micros, budget_type = _budget(found, currency)
    delivery = parse_delivery(found)
    return CampaignRecord(
        external_id=found.external_id,
        name=found.name(),
        status=parse_status(found),
        budget_micros=micros,
        budget_type=budget_type,
        starts_at=delivery.starts_at,
        ends_at=delivery.ends_at,
        created_at=found.find("created_time", found.node.moment),
        delivery=delivery,
    )


def parse_adset(found: DescribedObject, currency: str) -> AdsetRecord:
    micros, budget_type = _budget(found, currency)
    delivery = parse_delivery(found)
    return AdsetRecord(
        external_id=found.external_id,
        campaign_external_id=found.find("campaign_id", found.node.optional_identifier),
        name=found.name(),
        status=parse_status(found),
        optimization_goal=found.find("optimization_goal", found.node.optional_text),
        targeting=_targeting(found),
        budget_micros=micros,
        budget_type=budget_type,
        starts_at=delivery.starts_at,
        ends_at=delivery.ends_at,
        created_at=found.find("created_time", found.node.moment),
        delivery=delivery,
    )


def parse_ad(found: DescribedObject) -> AdRecord:
    return AdRecord(
        external_id=found.external_id,
        adset_external_id=found.find("adset_id", found.node.optional_identifier),
        campaign_external_id=found.find("campaign_id", found.node.optional_identifier),
        name=found.name(),
        status=parse_status(found),
        created_at=found.find("created_time", found.node.moment),
        delivery=parse_delivery(found),
    )


def _budget(found: DescribedObject, currency: str) -> tuple[int | None, BudgetType | None]:
    """At most one of the two is set; a campaign whose ad sets carry the budgets has none."""
    for name, budget_type in (("daily_budget", BudgetType.DAILY), ("lifetime_budget", BudgetType.LIFETIME)):
        micros = found.find(name, lambda name: budget_micros(found.node, name, currency))
        if micros is not None:
            return micros, budget_type
    return None, None


def _targeting(found: DescribedObject) -> Mapping[str, object]:
    """As Meta wrote it; nothing of what can't be stored."""
    targeting = found.find("targeting", found.node.child)
    if targeting is None:
        return {}
    try:
        return cast("Mapping[str, object]", stored_json(targeting.fields))
    except ValueError:
        found.note(f"The {found.noun}'s targeting is nested too deeply to be stored.", "targeting")
        return {}
