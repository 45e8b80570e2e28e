"""Who is in the benchmark's data set: sellers, their accounts, campaigns, ad sets and ads. The same for the same seed.

Only values; nothing here touches a database.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.metrics.levels import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST_DAY = date(2026, 6, 30)  # fixed, so that a data set made yesterday is as good today
FIRST_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
CURRENCY = "USD"
TIME_ZONE = "America/New_York"
_VERSION_7, _VARIANT = 7 << 76, 2 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much there is: `adsets` in a campaign, `ads` in an ad set, a row a day at every level."""

    name: str
    sellers: int
    campaigns: int
    adsets: int
    ads: int
    days: int

    @property
    def entities(self) -> int:
        """Rows of campaigns, ad sets and ads, of all sellers."""
        return self.sellers * self.campaigns * (1 + self.adsets * (1 + self.ads))

    @property
    def daily_rows(self) -> int:
        return (self.entities + self.sellers) * self.days

    def days_in_order(self) -> Iterator[date]:
        for back in range(self.days - 1, -1, -1):
            yield LAST_DAY - timedelta(days=back)


SCALES = {
    scale.name: scale
    for scale in (
        Scale(name="full", sellers=10, campaigns=200, adsets=5, ads=4, days=90),
        Scale(name="small", sellers=2, campaigns=120, adsets=5, ads=4, days=30),
        Scale(name="orders", sellers=2, campaigns=160, adsets=5, ads=5, days=365),
        Scale(name="orders_small", sellers=1, campaigns=160, adsets=5, ads=5, days=30),
    )
}


class Entity(NamedTuple):
    """A campaign, ad set or ad; `campaign_id` and `adset_id` are None where its level has none."""

    id: UUID
    level: Level
    external_id: str
    name: str
    status: str
    delivery_status: str
    created_at: datetime
    campaign_id: UUID | None
    adset_id: UUID | None


@dataclass(frozen=True, slots=True)
class Seller:
    """One tenant with one user and one ad account."""

    id: UUID
    user_id: UUID
    account_id: UUID
    slug: str


class _Namer:
    """Ids and instants of one data set, ascending as the application would have made them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._ticks = count()
        self.made_at = FIRST_MOMENT

    def id(self) -> UUID:
        """A UUIDv7 (RFC 9562) of the next millisecond."""
        self.made_at = FIRST_MOMENT + timedelta(milliseconds=next(self._ticks))
        milliseconds = int(self.made_at.timestamp() * 1000)
        low = self.random.getrandbits(74)
        return UUID(int=milliseconds << 80 | _VERSION_7 | (low >> 62) << 64 | _VARIANT | low & ((1 << 62) - 1))


def list_sellers(scale: Scale, seed: int) -> list[Seller]:
    namer = _Namer(seed)
    return [Seller(namer.id(), namer.id(), namer.id(), f"seller-{place}") for place in range(scale.sellers)]


def list_entities(scale: Scale, seed: int, place: int) -> list[Entity]:
    """The tree of the seller at `place`, each parent before its children."""
    namer = _Namer(seed * 1_000_003 + place + 1)
    found: list[Entity] = []
    for c in range(scale.campaigns):
        campaign = _entity(namer, Level.CAMPAIGN, f"Campaign {c:03} spring sale", None, None)
        found.append(campaign)
        for s in range(scale.adsets):
            adset = _entity(namer, Level.ADSET, f"{campaign.name}, audience {s}", campaign.id, None)
            found.append(adset)
            found.extend(
                _entity(namer, Level.AD, f"{adset.name}, creative {a}", campaign.id, adset.id) for a in range(scale.ads)
            )
    return found


def _entity(namer: _Namer, level: Level, name: str, campaign_id: UUID | None, adset_id: UUID | None) -> Entity:
    identifier = namer.id()
    active = namer.random.random() < 0.8  # four of five run
    delivery = namer.random.choice(("ACTIVE", "ACTIVE", "LEARNING", "LIMITED")) if active else "INACTIVE"
    return Entity(
        id=identifier,
        level=level,
        external_id=str(namer.random.randrange(10**16, 10**17)),
        name=name,
        status="ACTIVE" if active else "PAUSED",
        delivery_status=delivery,
        created_at=namer.made_at,
        campaign_id=campaign_id,
        adset_id=adset_id,
    )
