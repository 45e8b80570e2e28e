"""The demo account: eight campaigns of three ad sets of three ads, with every state of delivery among them.

Deterministic; the only input is the day on which the story is anchored.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.providers.sandbox.world.dataset import Account, Entity, Issue, Kind, Status
from app.providers.sandbox.world.demo_delivery import GeneratedDelivery

if TYPE_CHECKING:
    from collections.abc import Mapping

DEMO_ACCOUNT_ID = "2380000000000001"
DEMO_ACCESS_TOKEN = "sandbox-demo-account"  # noqa: S105  # opens nothing but the sandbox
DEMO_TIME_ZONE = "Asia/Ho_Chi_Minh"
DEMO_CURRENCY = "USD"

HISTORY_DAYS = 120
_EARLIEST = date(2026, 1, 1)
_ADSETS = ("Broad", "Lookalike 1%", "Retargeting")
_ADS = ("Video", "Carousel", "Image")
_DISAPPROVED = {"held": "DISAPPROVED"}


@dataclass(frozen=True, slots=True)
class _Plan:
    """A campaign's part of the story. Overrides are by place: "2" the second ad set, "2.3" its third ad."""

    name: str
    daily_budget: int
    overrides: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, "Mapping[str, object]"])


def build_demo_account(today: date) -> Account:
    """The account as it stands on `today`. History begins at least HISTORY_DAYS earlier."""
    first_day = min(_EARLIEST, today - timedelta(days=HISTORY_DAYS))
    entities = tuple(
        entity
        for number, plan in enumerate(_plans(today), start=1)
        for entity in _campaign(number, plan, _midnight(first_day))
    )
    budgets = {entity.id: _ad_budget(entity.id, entities) for entity in entities if entity.kind is Kind.AD}
    return Account(
        id=DEMO_ACCOUNT_ID,
        name="Sandbox demo store",
        currency=DEMO_CURRENCY,
        time_zone=DEMO_TIME_ZONE,
        access_token=DEMO_ACCESS_TOKEN,
        entities=entities,
        delivery=GeneratedDelivery(first_day, budgets),
        refused_ids=frozenset({_id(3, 1, 3), _id(3, 2, 3)}),
    )


def _plans(today: date) -> tuple[_Plan, ...]:
    ago = {days: _midnight(today - timedelta(days=days)) for days in (5, 12, 20)}
    ahead = _midnight(today + timedelta(days=14))
    limited = Issue(level="AD_SET", code=1815869, summary="Budget is low", message="The budget limits delivery.")
    broken = Issue(level="AD", code=1885650, summary="Link is broken", message="The landing page can't be reached.")
    return (
        _Plan("Evergreen sales", 30_000),
        _Plan(
            "New arrivals",
            24_000,
            {"2": {"learning": "LEARNING"}, "3": {"learning": "FAIL"}, "2.3": {"held": "PENDING_REVIEW"}},
        ),
        _Plan(
            "Summer dresses",
            18_000,
            {"1": {"issue": limited}, "2": _paused(ago[12]), "1.2": _paused(ago[5]), "3.1": {"held": "PREAPPROVED"}},
        ),
        _Plan("Clearance", 15_000, {f"{adset}.{ad}": _DISAPPROVED for adset in (1, 2, 3) for ad in (1, 2, 3)}),
        _Plan("Spring collection", 21_000, {"": _paused(ago[12])}),
        _Plan(
            "Gift guide",
            12_000,
            {"1.1": {"held": "WITH_ISSUES", "issue": broken}, "2.2": _gone(Status.DELETED, ago[20])},
        ),
        _Plan("Last year's winter", 27_000, {"": _gone(Status.ARCHIVED, ago[5])}),
        _Plan("Holiday launch", 33_000, {"": {"starts_at": ahead}, "1": {"learning": "WAIVING"}}),
    )


def _campaign(number: int, plan: _Plan, created_at: datetime) -> list[Entity]:
    """The campaign (its budget its own in odd ones, its ad sets' in even ones), then its ad sets with their ads."""
    shared = number % 2 == 1

    def entity(kind: Kind, place: tuple[int, ...], name: str, budget: int | None = None) -> Entity:
        made = Entity(
            kind=kind,
            id=_id(number, *place),
            parent_id=_id(number, *place[:-1]) if place else None,
            name=name,
            created_at=created_at,
            daily_budget=budget,
            targeting={"geo_locations": {"countries": ["US"]}} if kind is Kind.ADSET else {},
        )
        changes = plan.overrides.get(".".join(map(str, place)), {})
        return replace(made, **changes)

    entities = [entity(Kind.CAMPAIGN, (), plan.name, plan.daily_budget if shared else None)]
    for i, adset in enumerate(_ADSETS, start=1):
        share = None if shared else plan.daily_budget // len(_ADSETS)
        entities.append(entity(Kind.ADSET, (i,), f"{plan.name} - {adset}", share))
        entities += [entity(Kind.AD, (i, j), f"{plan.name} - {adset} - {ad}") for j, ad in enumerate(_ADS, start=1)]
    return entities


def _ad_budget(ad_id: str, entities: tuple[Entity, ...]) -> int:
    by_id = {entity.id: entity for entity in entities}
    adset = by_id[by_id[ad_id].parent_id or ""]
    campaign = by_id[adset.parent_id or ""]
    return (campaign.daily_budget or (adset.daily_budget or 0) * len(_ADSETS)) // (len(_ADSETS) * len(_ADS))


def _id(campaign: int, adset: int = 0, ad: int = 0) -> str:
    kind = 1 if not adset else 2 if not ad else 3
    return f"1202{kind}00000{campaign:02}{adset:02}{ad:02}"


def _paused(since: datetime) -> Mapping[str, object]:
    return {"status": Status.PAUSED, "status_since": since}


def _gone(status: Status, since: datetime) -> Mapping[str, object]:
    return {"status": status, "status_since": since}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(DEMO_TIME_ZONE)).astimezone(UTC)
