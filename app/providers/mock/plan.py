"""What a mock account holds: campaigns, ad sets and ads with names, budgets and lives. Pure data, never numbers.

A plan follows from the account's external id and the day the account joined, so it can be made again anywhere at any
time. What stopped delivering stopped at a planned day before that one: nothing set later can change the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from app.providers.contract import BudgetType, EntityStatus
from app.providers.mock.generator import mulberry32, seed_of
from app.providers.mock.naming import AUDIENCES, CREATIVES, HOOKS, MARKETS, SEASONS, STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

LIFETIME_DAYS = 30
_DAILY_BUDGETS = tuple(Decimal(amount) for amount in ("20", "35", "50", "80", "120", "200", "350", "500"))
_LIFETIME_BUDGETS = tuple(Decimal(amount) for amount in ("900", "1500", "2500", "4000", "10000"))
_LONGEST_STOP_DAYS = 45
_OLDEST_DAYS = 400
# Eight of ten run, one is paused, one archived.
_FATES = (*[EntityStatus.ACTIVE] * 8, EntityStatus.PAUSED, EntityStatus.ARCHIVED)
_LEARNING = ("SUCCESS", "SUCCESS", "SUCCESS", "LEARNING", "FAIL")
_REVIEWS = ("PENDING_REVIEW", "DISAPPROVED")

_Option = TypeVar("_Option")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdPlan:
    """`review` is an effective status that keeps the ad from ever delivering (DISAPPROVED, PENDING_REVIEW)."""

    external_id: str
    name: str
    status: EntityStatus
    stopped_on: date | None
    review: str | None = None

    def delivers_on(self, day: date) -> bool:
        return self.review is None and _before_stop(day, self.stopped_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdsetPlan:
    external_id: str
    name: str
    status: EntityStatus
    stopped_on: date | None
    market: str
    learning: str
    ads: Sequence[AdPlan]

    def delivers_on(self, day: date) -> bool:
        return _before_stop(day, self.stopped_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """`budget` is in units of the account's currency, per day or for the whole life. `stopped_on` delivers no more."""

    external_id: str
    name: str
    status: EntityStatus
    started_on: date
    stopped_on: date | None
    budget: Decimal
    budget_type: BudgetType
    adsets: Sequence[AdsetPlan]

    def delivers_on(self, day: date) -> bool:
        return day >= self.started_on and _before_stop(day, self.stopped_on)

    @property
    def daily_budget(self) -> Fraction:
        """A LIFETIME budget counts as a thirtieth of it a day."""
        days = LIFETIME_DAYS if self.budget_type is BudgetType.LIFETIME else 1
        return Fraction(self.budget) / days

    @property
    def adset_budget(self) -> Fraction:
        """Each ad set's share of a day, unrounded; paused ones count too, so a pause moves no other's numbers."""
        return self.daily_budget / len(self.adsets)


@dataclass(frozen=True, slots=True, kw_only=True)
class MockAccountPlan:
    campaigns: Sequence[CampaignPlan]


def plan_account(
    account_external_id: str,
    *,
    joined_on: date,
    campaigns: int | None = None,
    adsets_per_campaign: int | None = None,
    ads_per_adset: int | None = None,
) -> MockAccountPlan:
    """The plan of one account; counts that are not given follow from its external id.

    `joined_on` must stay the same for an account (the day it was connected): planned stops lie before it.
    """
    wanted = campaigns if campaigns is not None else _Choices(f"plan:{account_external_id}").between(8, 14)
    made = tuple(
        _plan_campaign(
            f"{account_external_id}-c{number:02d}",
            joined_on=joined_on,
            adsets=adsets_per_campaign,
            ads=ads_per_adset,
        )
        for number in range(1, wanted + 1)
    )
    return MockAccountPlan(campaigns=made)


def _plan_campaign(external_id: str, *, joined_on: date, adsets: int | None, ads: int | None) -> CampaignPlan:
    choices = _Choices(external_id)
    season, stage, market = choices.among(SEASONS), choices.among(STAGES), choices.among(MARKETS)
    lifetime = choices.one_in(5)
    status, stopped_on = choices.fate(joined_on)
    wanted = adsets if adsets is not None else choices.between(2, 4)
    return CampaignPlan(
        external_id=external_id,
        name=f"{season} | {stage} | {market}",
        status=status,
        started_on=joined_on - timedelta(days=choices.between(_LONGEST_STOP_DAYS + 1, _OLDEST_DAYS)),
        stopped_on=stopped_on,
        budget=choices.among(_LIFETIME_BUDGETS if lifetime else _DAILY_BUDGETS),
        budget_type=BudgetType.LIFETIME if lifetime else BudgetType.DAILY,
        adsets=tuple(
            _plan_adset(f"{external_id}-s{number:02d}", market=market, joined_on=joined_on, ads=ads)
            for number in range(1, wanted + 1)
        ),
    )


def _plan_adset(external_id: str, *, market: str, joined_on: date, ads: int | None) -> AdsetPlan:
    choices = _Choices(external_id)
    audience = choices.among(AUDIENCES)
    status, stopped_on = choices.fate(joined_on)
    wanted = ads if ads is not None else choices.between(2, 4)
    return AdsetPlan(
        external_id=external_id,
        name=f"{market} | {audience}",
        status=status,
        stopped_on=stopped_on,
        market=market,
        learning=choices.among(_LEARNING),
        ads=tuple(_plan_ad(f"{external_id}-a{number:02d}", joined_on=joined_on) for number in range(1, wanted + 1)),
    )


def _plan_ad(external_id: str, *, joined_on: date) -> AdPlan:
    choices = _Choices(external_id)
    creative, hook = choices.among(CREATIVES), choices.among(HOOKS)
    status, stopped_on = choices.fate(joined_on)
    in_review = status is EntityStatus.ACTIVE and choices.one_in(12)
    return AdPlan(
        external_id=external_id,
        name=f"{creative} | {hook}",
        status=status,
        stopped_on=stopped_on,
        review=choices.among(_REVIEWS) if in_review else None,
    )


class _Choices:
    """Choices that follow from a text alone."""

    def __init__(self, text: str) -> None:
        self._outputs: Iterator[int] = mulberry32(seed_of(text))

    def between(self, low: int, high: int) -> int:
        return low + next(self._outputs) * (high - low + 1) // 2**32

    def among(self, options: Sequence[_Option]) -> _Option:
        return options[self.between(0, len(options) - 1)]

    def one_in(self, chances: int) -> bool:
        return self.between(1, chances) == 1

    def fate(self, joined_on: date) -> tuple[EntityStatus, date | None]:
        """Whether it still runs, and otherwise the day from which it did not."""
        status = self.among(_FATES)
        stopped_on = joined_on - timedelta(days=self.between(0, _LONGEST_STOP_DAYS))
        return status, None if status is EntityStatus.ACTIVE else stopped_on


def _before_stop(day: date, stopped_on: date | None) -> bool:
    return stopped_on is None or day < stopped_on
