"""The values a sandbox world is made of: accounts, their campaigns, ad sets and ads, and what each ad delivered.

Everything here is frozen. What clients change later lives in `changes`; what Meta derives from both in
`live_account`. Money is in minor units of the account's currency (cents; whole units where there are no decimals).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

CURRENCIES_WITHOUT_DECIMALS = frozenset(
    {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"},
)
"""Meta's currencies with offset 1, from memory of its currency page: budgets are in whole units there."""


def minor_digits(currency: str) -> int:
    """Decimals of a currency."""
    return 0 if currency in CURRENCIES_WITHOUT_DECIMALS else 2


class Kind(StrEnum):
    """The value is Meta's name of the level in `level=` and in filter fields such as `ad.id`."""

    ACCOUNT = "account"
    CAMPAIGN = "campaign"
    ADSET = "adset"
    AD = "ad"


LEVELS = frozenset(Kind)
"""For `text in LEVELS`: before Python 3.12 an enum refuses to be asked."""

DEPTH = {Kind.ACCOUNT: 0, Kind.CAMPAIGN: 1, Kind.ADSET: 2, Kind.AD: 3}


class Status(StrEnum):
    """The statuses that can be written (official SDK 26.0.3)."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ARCHIVED = "ARCHIVED"
    DELETED = "DELETED"


STATUSES = frozenset(Status)


class Delivered(NamedTuple):
    """What was delivered, additive; `spend` and `purchase_value` in minor units."""

    spend: int = 0
    impressions: int = 0
    clicks: int = 0
    link_clicks: int = 0
    content_views: int = 0
    add_to_cart: int = 0
    checkouts: int = 0
    purchases: int = 0
    purchase_value: int = 0


class AdDay(NamedTuple):
    """One ad's numbers of one day in the account's zone."""

    ad_id: str
    delivered: Delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One entry of `issues_info`."""

    level: str
    code: int
    summary: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A campaign, ad set or ad as the world begins.

    `held` is the effective status while the entity and its parents are active, such as PENDING_REVIEW, DISAPPROVED
    or WITH_ISSUES. `status_since` is when a status other than ACTIVE began; None means it always was.
    """

    kind: Kind
    id: str
    name: str
    created_at: datetime
    parent_id: str | None = None
    status: Status = Status.ACTIVE
    status_since: datetime | None = None
    held: str | None = None
    daily_budget: int | None = None
    lifetime_budget: int | None = None
    budget_remaining: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    objective: str = "OUTCOME_SALES"
    optimization_goal: str = "OFFSITE_CONVERSIONS"
    targeting: Mapping[str, object] = field(default_factory=dict[str, object])
    learning: str | None = None
    issue: Issue | None = None


class Activity(Protocol):
    """How long an ad could deliver on a day, given its own and its parents' statuses and times."""

    def active_part(self, ad_id: str, day: date) -> tuple[int, int]:
        """(seconds of the day until now in which the ad was running, seconds of the whole day)."""
        ...


class DeliverySource(Protocol):
    """Where an account's numbers come from. The same question about a past day gets the same answer."""

    @property
    def first_day(self) -> date: ...

    def list_ad_days(self, day: date, activity: Activity) -> Sequence[AdDay]:
        """Every ad that delivered on that day, each once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One ad account. `id` is without `act_`; `refused_ids` are entities whose changes Meta turns down.

    `unlisted_ids` are entities that no listing names any more, though insights go on telling their numbers.
    """

    id: str
    name: str
    currency: str
    time_zone: str
    access_token: str = field(repr=False)
    entities: tuple[Entity, ...]
    delivery: DeliverySource = field(repr=False)
    account_status: int = 1
    refused_ids: frozenset[str] = frozenset()
    unlisted_ids: frozenset[str] = frozenset()
    attribution_setting: str = "7d_click_1d_view"
