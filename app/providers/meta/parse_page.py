"""Pages, posts and their numbers as the contract's values.

A day's value carries the end of the day, midnight in California: the number of day D is labelled D+1 (Meta's
documentation of page insights). A value may be an object of counts by type; the sum of them is the metric.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from app.providers.contract import PageMetricRow, PageRecord, PostMetricRow, PostRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from app.providers.meta.node import Node

PAGE_FIELDS = "id,name"
POST_FIELDS = "id,created_time,message,permalink_url"
_PACIFIC = ZoneInfo("America/Los_Angeles")
_DAY = timedelta(days=1)


def parse_page(node: Node) -> PageRecord:
    external_id = node.text("id")
    return PageRecord(external_id=external_id, name=node.optional_text("name") or external_id)


def parse_post(node: Node) -> PostRecord:
    created_at = node.moment("created_time")
    if created_at is None:
        raise node.misshapen("created_time", "is missing")
    return PostRecord(
        external_id=node.text("id"),
        created_at=created_at,
        message=node.optional_text("message"),
        permalink_url=node.optional_text("permalink_url"),
    )


def parse_page_metric(node: Node, since: date, until: date) -> Iterator[PageMetricRow]:
    """A metric's days from `since` to `until`; Meta may send its neighbours, and days without a number."""
    for value in node.children("values"):
        number = _number(value)
        stat_date = _day(value)
        if number is not None and since <= stat_date <= until:
            yield PageMetricRow(metric=node.text("name"), stat_date=stat_date, value=number)


def parse_post_metric(node: Node, post_external_id: str) -> Iterator[PostMetricRow]:
    """A metric over the post's life: its one value."""
    for value in node.children("values")[:1]:
        number = _number(value)
        if number is not None:
            yield PostMetricRow(post_external_id=post_external_id, metric=node.text("name"), value=number)


def _day(value: Node) -> date:
    """The day that ends at `end_time`."""
    end = value.moment("end_time")
    if end is None:
        raise value.misshapen("end_time", "is missing")
    return end.astimezone(_PACIFIC).date() - _DAY


def _number(value: Node) -> int | None:
    """None where Meta has no number; an object without types is a sum of nothing, 0."""
    found = value.fields.get("value")
    if isinstance(found, dict):
        return sum(_whole(value, each) for each in cast("dict[str, object]", found).values())
    return None if found is None else _whole(value, found)


def _whole(value: Node, number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise value.misshapen("value", "is not a whole number")
    return number
