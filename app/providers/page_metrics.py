"""The metrics of pages and posts that are asked for, by the platform's own names: data, and nothing else.

Meta renames them and lets them die several times a year, and one dead name fails a whole list of them. So each is
asked for by itself once, and what that showed is kept for each page; a name here promises nothing, and `died_on` is
only what Meta announced (its documentation of page insights, and its changelogs). Sellers know the dead ones, and are
told so.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple

_END_OF_IMPRESSIONS = date(2025, 11, 15)


class MetricScope(StrEnum):
    """PAGE: a number for each day. POST: a number for the post's whole life so far."""

    PAGE = "PAGE"
    POST = "POST"


class PageMetric(NamedTuple):
    """`by_type`: the platform's value is an object of counts by type, of which the sum is kept."""

    name: str
    scope: MetricScope
    meaning: str
    by_type: bool = False
    died_on: date | None = None


METRICS = (
    PageMetric("page_media_view", MetricScope.PAGE, "times that content of the page was seen"),
    PageMetric("page_total_media_view_unique", MetricScope.PAGE, "people who saw content of the page"),
    PageMetric("page_follows", MetricScope.PAGE, "followers of the page at the end of the day"),
    PageMetric("page_daily_follows_unique", MetricScope.PAGE, "people who began to follow the page"),
    PageMetric("page_daily_unfollows_unique", MetricScope.PAGE, "people who ceased to follow the page"),
    PageMetric("page_post_engagements", MetricScope.PAGE, "reactions, comments, shares and clicks on posts"),
    PageMetric("page_total_actions", MetricScope.PAGE, "clicks on the page's button and contact details"),
    PageMetric("page_views_total", MetricScope.PAGE, "times that the page itself was seen"),
    PageMetric("page_video_views", MetricScope.PAGE, "times that videos of the page were watched"),
    PageMetric("page_impressions", MetricScope.PAGE, "what page_media_view replaced", died_on=_END_OF_IMPRESSIONS),
    PageMetric("page_fans", MetricScope.PAGE, "what page_follows replaced", died_on=_END_OF_IMPRESSIONS),
    PageMetric("post_media_view", MetricScope.POST, "times that the post was seen"),
    PageMetric("post_total_media_view_unique", MetricScope.POST, "people who saw the post"),
    PageMetric("post_clicks_by_type", MetricScope.POST, "clicks on the post", by_type=True),
    PageMetric("post_reactions_by_type_total", MetricScope.POST, "reactions to the post", by_type=True),
    PageMetric("post_impressions", MetricScope.POST, "what post_media_view replaced", died_on=_END_OF_IMPRESSIONS),
)
PAGE_METRICS = tuple(metric.name for metric in METRICS if metric.scope is MetricScope.PAGE)
POST_METRICS = tuple(metric.name for metric in METRICS if metric.scope is MetricScope.POST)
