"""Which page and post metrics live, and which periods they have (Meta's documentation of page insights, late 2026).

Every other name is dead or never was, which Meta answers alike. Meta lets metrics die several times a year.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    DAYS_28 = "days_28"
    LIFETIME = "lifetime"


DAYS_OF = {Period.DAY: 1, Period.WEEK: 7, Period.DAYS_28: 28}


class PageMetric(NamedTuple):
    """`scale` is the usual size of a day's value in thousandths of the page's likes; `sums` whether days add up."""

    title: str
    scale: int
    sums: bool = True
    types: tuple[str, ...] = ()


REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger")
PAGE_METRICS = {
    "page_media_view": PageMetric("Daily Total views of your Page's content", 900),
    "page_total_media_view_unique": PageMetric("Daily Total viewers of your Page's content", 600),
    "page_follows": PageMetric("Daily Follows of your Page", 1000, sums=False),
    "page_daily_follows": PageMetric("Daily New follows", 5),
    "page_daily_follows_unique": PageMetric("Daily New followers", 4),
    "page_daily_unfollows_unique": PageMetric("Daily Unfollowers", 2),
    "page_post_engagements": PageMetric("Daily Post engagements", 60),
    "page_total_actions": PageMetric("Daily Total actions on Page", 7),
    "page_views_total": PageMetric("Daily Total views of your Page", 40),
    "page_video_views": PageMetric("Daily Video views", 120),
    **{
        f"page_actions_post_reactions_{name}_total": PageMetric(f"Daily Total {name} reactions", scale)
        for name, scale in zip(REACTIONS, (20, 6, 2, 2, 1, 1), strict=True)
    },
}
POST_METRICS = {
    "post_media_view": PageMetric("Lifetime Post views", 700),
    "post_total_media_view_unique": PageMetric("Lifetime Post viewers", 500),
    "post_clicks_by_type": PageMetric("Lifetime Clicks by type", 30, types=("link clicks", "other clicks")),
    "post_reactions_by_type_total": PageMetric("Lifetime Reactions by type", 40, types=REACTIONS),
}
