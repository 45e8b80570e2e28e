"""The metrics of pages and posts that are asked for, by the platform's own names: data, and nothing else.

Meta renames them and lets them die several times a year, and one dead name fails a whole list of them. So each is
asked for by itself once, and what that showed is kept for each page; a name here promises nothing. The last ones of
each list died in November 2025 (Meta's documentation of page insights): sellers know them, and are told so.
"""

from __future__ import annotations

PAGE_METRICS = (
    "page_media_view",
    "page_total_media_view_unique",
    "page_follows",
    "page_daily_follows_unique",
    "page_daily_unfollows_unique",
    "page_post_engagements",
    "page_total_actions",
    "page_views_total",
    "page_video_views",
    "page_impressions",
    "page_fans",
)
POST_METRICS = (
    "post_media_view",
    "post_total_media_view_unique",
    "post_clicks_by_type",
    "post_reactions_by_type_total",
    "post_impressions",
)
