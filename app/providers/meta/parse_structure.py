"""Campaigns, ad sets and ads as Meta lists them, with the fields to ask for beside the code that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.metrics.levels import Level
from app.providers.contract import AdRecord, AdsetRecord, BudgetType, CampaignRecord
from app.providers.meta.minor_units import budget_micros
from app.providers.meta.node import plain_json
from app.providers.meta.parse_delivery import STATUS_FIELDS, parse_delivery, parse_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.providers.meta.node import Node

CAMPAIGN_FIELDS = f"{STATUS_FIELDS[Level.CAMPAIGN]},name,created_time"
ADSET_FIELDS = f"{STATUS_FIELDS[Level.ADSET]},name,created_time,optimization_goal,targeting"
AD_FIELDS = f"{STATUS_FIELDS[Level.AD]},name,created_time"


def parse_campaign(node: Node, currency: str) -> CampaignRecord:
    micros, budget_type = _budget(node, currency)
    delivery = parse_delivery(node)
    return CampaignRecord(
        external_id=node.text("id"),
        name=node.text("name"),
        status=parse_status(node),
        budget_micros=micros,
        budget_type=budget_type,
        starts_at=delivery.starts_at,
        ends_at=delivery.ends_at,
        created_at=node.moment("created_time"),
        delivery=delivery,
    )


def parse_adset(node: Node, currency: str) -> AdsetRecord:
    micros, budget_type = _budget(node, currency)
    delivery = parse_delivery(node)
    return AdsetRecord(
        external_id=node.text("id"),
        campaign_external_id=node.text("campaign_id"),
        name=node.text("name"),
        status=parse_status(node),
        optimization_goal=node.optional_text("optimization_goal"),
        targeting=_targeting(node),
        budget_micros=micros,
        budget_type=budget_type,
        starts_at=delivery.starts_at,
        ends_at=delivery.ends_at,
        created_at=node.moment("created_time"),
        delivery=delivery,
    )


def parse_ad(node: Node) -> AdRecord:
    return AdRecord(
        external_id=node.text("id"),
        adset_external_id=node.text("adset_id"),
        campaign_external_id=node.text("campaign_id"),
        name=node.text("name"),
        status=parse_status(node),
        created_at=node.moment("created_time"),
        delivery=parse_delivery(node),
    )


def _budget(node: Node, currency: str) -> tuple[int | None, BudgetType | None]:
    """At most one of the two is set; a campaign whose ad sets carry the budgets has none."""
    daily = budget_micros(node, "daily_budget", currency)
    if daily is not None:
        return daily, BudgetType.DAILY
    lifetime = budget_micros(node, "lifetime_budget", currency)
    return lifetime, None if lifetime is None else BudgetType.LIFETIME


def _targeting(node: Node) -> Mapping[str, object]:
    targeting = node.child("targeting")
    return {} if targeting is None else cast("Mapping[str, object]", plain_json(targeting.fields))
