"""Accounts and pages made up by a scenario: as many campaigns, ad sets, ads, days and posts as it wants, by a seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from app import clock
from app.providers.sandbox.world.dataset import Account, Entity, Kind
from app.providers.sandbox.world.demo_delivery import GeneratedDelivery
from app.providers.sandbox.world.demo_page import generate_page
from app.providers.sandbox.world.page_dataset import PACIFIC, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """`history_days` before today are delivered, by each ad on `delivers` of its days; budgets are a day's of one ad.

    Ids are the account's followed by 1, 2 or 3 (campaign, ad set, ad) and a number of six digits from 000001 on.
    The token is `token-of-<id>` unless it is named.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    name: str = "Generated account"
    currency: str = "USD"
    time_zone: str = "UTC"
    token: str | None = field(default=None, repr=False)
    campaigns: int = 1
    adsets_per_campaign: int = 1
    ads_per_adset: int = 1
    history_days: int = 30
    ad_budget: int = 5000
    delivers: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlan:
    """A page with a post a day and some more. The token is `token-of-<id>` unless it is named."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    user_token: str = field(repr=False)
    name: str = "Generated page"
    token: str | None = field(default=None, repr=False)
    likes: int = 2500
    history_days: int = 100
    seed: int = 0


def generate_account(plan: AccountPlan) -> Account:
    """The account as of today in its zone."""
    first_day = clock.today_in(plan.time_zone) - timedelta(days=plan.history_days)
    entities = tuple(_entities(plan, _midnight(first_day, plan.time_zone)))
    return Account(
        id=plan.id,
        name=plan.name,
        currency=plan.currency,
        time_zone=plan.time_zone,
        access_token=plan.token or f"token-of-{plan.id}",
        entities=entities,
        delivery=GeneratedDelivery(
            first_day,
            {entity.id: plan.ad_budget for entity in entities if entity.kind is Kind.AD},
            seed=f"{plan.seed}:",
            part=round(plan.delivers * _THOUSANDTHS),
        ),
    )


def generate_planned_page(plan: PagePlan) -> Page:
    """The page as of today."""
    bare = Page(
        id=plan.id,
        name=plan.name,
        access_token=plan.token or f"token-of-{plan.id}",
        user_token=plan.user_token,
        likes=plan.likes,
    )
    return generate_page(bare, today=clock.today_in(PACIFIC), seed=str(plan.seed), history_days=plan.history_days)


def _entities(plan: AccountPlan, created_at: datetime) -> Iterator[Entity]:
    adset = ad = 0
    for campaign in range(1, plan.campaigns + 1):
        campaign_id = _id(plan, 1, campaign)
        yield Entity(
            kind=Kind.CAMPAIGN,
            id=campaign_id,
            name=f"Campaign {campaign}",
            created_at=created_at,
            daily_budget=plan.ad_budget * plan.adsets_per_campaign * plan.ads_per_adset,
        )
        for _ in range(plan.adsets_per_campaign):
            adset += 1
            adset_id = _id(plan, 2, adset)
            yield Entity(
                kind=Kind.ADSET, id=adset_id, parent_id=campaign_id, name=f"Ad set {adset}", created_at=created_at
            )
            for _ in range(plan.ads_per_adset):
                ad += 1
                yield Entity(
                    kind=Kind.AD, id=_id(plan, 3, ad), parent_id=adset_id, name=f"Ad {ad}", created_at=created_at
                )


def _id(plan: AccountPlan, kind: int, number: int) -> str:
    return f"{plan.id}{kind}{number:06}"


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
