"""What a provider of ad data promises, and the values it speaks in.

A provider works for one ad account or one page. It knows nothing of tenants, tables or jobs: it turns the platform's
answers into these values and its failures into the ProviderError branch of `app.errors`, and does no retrying of its
own.
External ids are the platform's own, as strings. Money is in micros of the account's currency unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from app.providers.insight_rows import InsightRow, InsightRows
from app.vocabulary import AccountStanding, BudgetType, EntityStatus

__all__ = [
    "AccountRecord",
    "AccountStanding",
    "AdProvider",
    "AdRecord",
    "AdsetRecord",
    "BudgetType",
    "CallBudget",
    "CampaignRecord",
    "DeliverySignals",
    "EntityStatus",
    "InsightRow",
    "InsightRows",
    "PageMetricRow",
    "PageProvider",
    "PageRecord",
    "PostMetricRow",
    "PostRecord",
    "StatusOutcome",
    "StatusRecord",
    "TokenFacts",
    "UsageReading",
]
# Characters of a name that are kept. Platforms allow some hundreds, and cursors of lists by name hold them.
NAME_CHARACTERS = 1_000

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from app.errors import ProviderError
    from app.metrics.levels import Level
    from app.providers.sync_warnings import SyncWarnings
    from app.vocabulary import UseCase


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """The ad account itself. `time_zone` is an IANA name, `currency` an ISO 4217 code."""

    external_id: str
    name: str
    time_zone: str
    currency: str
    standing: AccountStanding = AccountStanding.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySignals:
    """What the platform says of an entity's delivery, unmapped; None where it says nothing.

    `learning` is the ad set's learning stage (LEARNING, SUCCESS, FAIL), `has_issues` a non-empty issue list,
    `budget_exhausted` a spent budget or cap.
    """

    effective_status: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    learning: str | None = None
    has_issues: bool = False
    budget_exhausted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRecord:
    external_id: str
    name: str
    status: EntityStatus
    budget_micros: int | None = None
    budget_type: BudgetType | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    created_at: datetime | None = None
    delivery: DeliverySignals = field(default_factory=DeliverySignals)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdsetRecord:
    """Without a parent where the platform names none that can be read."""

    external_id: str
    campaign_external_id: str | None
    name: str
    status: EntityStatus
    optimization_goal: str | None = None
    targeting: Mapping[str, object] = field(default_factory=dict[str, object])
    budget_micros: int | None = None
    budget_type: BudgetType | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    created_at: datetime | None = None
    delivery: DeliverySignals = field(default_factory=DeliverySignals)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdRecord:
    """Without a parent where the platform names none that can be read."""

    external_id: str
    adset_external_id: str | None
    campaign_external_id: str | None
    name: str
    status: EntityStatus
    created_at: datetime | None = None
    delivery: DeliverySignals = field(default_factory=DeliverySignals)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRecord:
    """One entity as a delivery poll sees it. Parents are named at ad set and ad level."""

    external_id: str
    status: EntityStatus
    delivery: DeliverySignals
    adset_external_id: str | None = None
    campaign_external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOutcome:
    """What the platform said to one status change. `error` is None when it accepted.

    `cause` is the failure itself where it was more than a plain refusal (a throttle, a fault of the platform).
    """

    external_id: str
    error: str | None = None
    error_code: int | None = None
    cause: ProviderError | None = field(default=None, compare=False, repr=False)

    @property
    def accepted(self) -> bool:
        return self.error is None


class AdProvider(Protocol):
    """One ad account on one platform.

    Reading methods yield pages (lists), so that a caller can write as it reads. All of them, archived and deleted
    entities included where the platform still names them. Any method may raise any ProviderError. What is odd in an
    answer and can be done without is noted in `warnings`.
    """

    @property
    def warnings(self) -> SyncWarnings: ...

    async def get_account(self) -> AccountRecord:
        """The account as the platform knows it."""
        ...

    def list_campaigns(self) -> AsyncIterator[Sequence[CampaignRecord]]: ...

    def list_adsets(self) -> AsyncIterator[Sequence[AdsetRecord]]: ...

    def list_ads(self) -> AsyncIterator[Sequence[AdRecord]]: ...

    def list_statuses(self, level: Level) -> AsyncIterator[Sequence[StatusRecord]]:
        """Statuses of every entity of CAMPAIGN, ADSET or AD level, as cheaply as the platform allows."""
        ...

    def read_insights(
        self,
        level: Level,
        since: date,
        until: date,
        *,
        expected_rows: int | None = None,
    ) -> AsyncIterator[InsightRows]:
        """One row per entity and day with delivery, both days included. An entity's idle day has no row.

        `expected_rows` is what the caller reckons with at most (known entities of the level x days), from which a
        platform with a slower way for much data chooses it.
        """
        ...

    async def set_status(
        self,
        level: Level,
        external_ids: Sequence[str],
        status: EntityStatus,
    ) -> Sequence[StatusOutcome]:
        """Set ACTIVE or PAUSED; one outcome per id, in the order given. One refusal does not stop the others.

        Any other status raises RequestRefusedError.

        An error that concerns the whole request (token, throttle, network) is raised instead if nothing was done;
        if it strikes in the middle, the ids not done carry it as their outcome.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    external_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMetricRow:
    """One metric of the page on one day. Where the platform breaks it down, `value` is the sum of the parts."""

    metric: str
    stat_date: date
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRecord:
    external_id: str
    created_at: datetime
    message: str | None = None
    permalink_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMetricRow:
    """One metric of a post over its whole life so far."""

    post_external_id: str
    metric: str
    value: int


class PageProvider(Protocol):
    """One page on one platform. Any method may raise any ProviderError; `warnings` is as with `AdProvider`."""

    @property
    def warnings(self) -> SyncWarnings: ...

    async def get_page(self) -> PageRecord: ...

    async def read_page_metrics(self, metrics: Sequence[str], since: date, until: date) -> Sequence[PageMetricRow]:
        """The days that the platform has numbers for, both days included, in as few calls as it allows.

        Raises DeadMetricError where the platform does not know one of the metrics (any more): probe each alone first.
        """
        ...

    def list_posts(self, since: date) -> AsyncIterator[Sequence[PostRecord]]:
        """The posts that were created on or after that day (UTC), by pages."""
        ...

    async def read_post_metrics(
        self,
        post_external_ids: Sequence[str],
        metrics: Sequence[str],
    ) -> Sequence[PostMetricRow]:
        """What the platform has of these metrics. A post that is gone by now has no row.

        Raises DeadMetricError where the platform does not know one of the metrics: probe each alone first.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What the platform says of an access token. `error` says why it is not valid; None where it is silent.

    Without `expires_at`, its expiry is unknown unless it `never_expires`.
    """

    is_valid: bool
    expires_at: datetime | None = None
    never_expires: bool = False
    scopes: Sequence[str] | None = None
    app_id: str | None = None
    user_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReading:
    """What an answer says of the quota: the worst percentage (it may exceed 100), and the wait until it is regained.

    A wait of zero: none is named. `reset_wait` is the time to the reset of a quota that is nearly used up while calls
    are still answered, zero where none is named. `is_refusal`: this call was refused, whatever else was said.
    """

    percent: Decimal
    regain_wait: timedelta
    reset_wait: timedelta = timedelta(0)
    is_refusal: bool = False


class CallBudget(Protocol):
    """What may be called on behalf of one account, shared by all who call for it."""

    async def spend(self, use_case: UseCase, calls: int = 1, *, beyond_limit: bool = False) -> bool:
        """Count calls that are about to be made; answers whether they are a probe, for whose answer all others wait.

        Raises ProviderThrottledError, and counts nothing, while calls pause, or when the hour's calls are used up. The
        latter never stops what goes `beyond_limit`: what a person asked for, and what has begun. Nor does a pause stop
        what has begun, unless the platform itself refuses calls.
        """
        ...

    async def note_usage(
        self, use_case: UseCase | None, usage: UsageReading, *, answers_probe: bool = False, of_app: bool = False
    ) -> datetime | None:
        """What the platform said of the quota in its answer; one near its end lets no work of the use case begin.

        None: it was said of the whole account; `of_app`: of all accounts of ours. `answers_probe`: this is the answer
        that all others wait for.
        Returns the end of the pause that follows, None where none does or where it is unknown.
        """
        ...
