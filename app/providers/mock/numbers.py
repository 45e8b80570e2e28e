"""A mock account's insight rows. They follow from the plan and the day alone: a status set on the mock moves none."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from app.metrics.counters import ZERO, Counters
from app.metrics.levels import Level
from app.providers.contract import InsightRow
from app.providers.mock.generator import mock_day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from app.providers.mock.plan import AdsetPlan, CampaignPlan, MockAccountPlan

ATTRIBUTION = "7d_click"
_MICROSECOND = timedelta(microseconds=1)


def local_today(instant: datetime, time_zone: str) -> tuple[date, Fraction]:
    """The instant's day in the zone and the part of it that has passed; a clock change makes it 23 or 25 hours long."""
    day = instant.astimezone(ZoneInfo(time_zone)).date()
    begin = _midnight(day, time_zone)
    length = _midnight(day + timedelta(days=1), time_zone) - begin
    return day, Fraction((instant - begin) // _MICROSECOND, length // _MICROSECOND)


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


class _Place(NamedTuple):
    """An entity and its parents, as far as its level has them."""

    external_id: str
    name: str
    campaign: CampaignPlan | None = None
    adset: AdsetPlan | None = None


def _row(place: _Place, day: date, counters: Counters) -> InsightRow:
    campaign, adset = place.campaign, place.adset
    return InsightRow(
        external_id=place.external_id,
        stat_date=day,
        counters=counters,
        attribution_setting=ATTRIBUTION,
        name=place.name,
        campaign_external_id=campaign.external_id if campaign else None,
        campaign_name=campaign.name if campaign else None,
        adset_external_id=adset.external_id if adset else None,
        adset_name=adset.name if adset else None,
    )


class MockNumbers(NamedTuple):
    """The numbers as of one instant: `today` is scaled by `today_part`, later days have none."""

    seller_id: str
    account_external_id: str
    account_name: str
    plan: MockAccountPlan
    today: date
    today_part: Fraction

    def rows(self, level: Level, since: date, until: date) -> Iterator[InsightRow]:
        day, last = since, min(until, self.today)
        while day <= last:
            for place, counters in self._day(level, day):
                if counters != ZERO:
                    yield _row(place, day, counters)
            day += timedelta(days=1)

    def _day(self, level: Level, day: date) -> Iterator[tuple[_Place, Counters]]:
        campaigns = (campaign for campaign in self.plan.campaigns if campaign.delivers_on(day))
        if level is Level.ACCOUNT:
            total = ZERO
            for campaign in campaigns:
                total = total.plus(self._counters(campaign.external_id, day, campaign.daily_budget))
            yield _Place(self.account_external_id, self.account_name), total
            return
        for campaign in campaigns:
            if level is Level.CAMPAIGN:
                counters = self._counters(campaign.external_id, day, campaign.daily_budget)
                yield _Place(campaign.external_id, campaign.name), counters
            else:
                yield from self._below(campaign, level, day)

    def _below(self, campaign: CampaignPlan, level: Level, day: date) -> Iterator[tuple[_Place, Counters]]:
        adset_budget = campaign.adset_budget
        for adset in campaign.adsets:
            if not adset.delivers_on(day):
                continue
            if level is Level.ADSET:
                counters = self._counters(adset.external_id, day, adset_budget)
                yield _Place(adset.external_id, adset.name, campaign), counters
                continue
            for ad in adset.ads:
                if ad.delivers_on(day):
                    counters = self._counters(ad.external_id, day, adset_budget / len(adset.ads))
                    yield _Place(ad.external_id, ad.name, campaign, adset), counters

    def _counters(self, external_id: str, day: date, budget: Fraction) -> Counters:
        part = self.today_part if day == self.today else None
        return mock_day(self.seller_id, external_id, day, budget, day_fraction=part)
