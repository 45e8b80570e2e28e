"""Pages, posts and their numbers as the contract's values.

A day's value carries the end of the day, midnight in California: the number of day D is labelled D+1 (Meta's
documentation of page insights). A value may be an object of counts by type; the sum of them is the metric.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from app.errors import MisshapenError
from app.providers.contract import PageMetricRow, PageRecord, PostMetricRow, PostRecord
from app.providers.meta.structure.object_reading import DescribedObject
from app.providers.meta.values.node import as_node
from app.providers.meta.values.numbers import NotANumberError, read_whole
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from app.providers.meta.values.node import Node
    from app.providers.sync_warnings import SyncWarnings

PAGE_FIELDS = "id,name"
POST_FIELDS = "id,created_time,message,permalink_url"
_PACIFIC = ZoneInfo("America/Los_Angeles")
_DAY = timedelta(days=1)


def parse_page(node: Node, external_id: str, warnings: SyncWarnings) -> PageRecord:
    """The page under the id that it was asked for by. Raises MisshapenError for another object."""
    if node.identifier("id") != external_id:
        raise node.misshapen("id", "is another object's")
    page = DescribedObject(node=node, external_id=external_id, subject=Subject.PAGE, warnings=warnings)
    return PageRecord(external_id=external_id, name=page.name())


def read_posts(items: Iterable[object], warnings: SyncWarnings) -> list[PostRecord]:
    """The posts of a listing, of two of one id the later; one without an id or an instant is left out, and noted."""
    posts: dict[str, PostRecord] = {}
    for item in items:
        try:
            post = _parse_post(as_node(item, "posts.data"), warnings)
        except MisshapenError as error:
            warnings.note(Subject.POST, f"A post was left out. {error}.", external_id=_id_of(item), found=item)
        else:
            posts[post.external_id] = post
    return list(posts.values())


def _parse_post(node: Node, warnings: SyncWarnings) -> PostRecord:
    external_id = node.identifier("id")
    created_at = node.moment("created_time")
    if created_at is None:
        raise node.misshapen("created_time", "is missing")
    found = DescribedObject(node=node, external_id=external_id, subject=Subject.POST, warnings=warnings)
    return PostRecord(
        external_id=external_id,
        created_at=created_at,
        message=found.find("message", node.optional_text),
        permalink_url=found.find("permalink_url", node.optional_text),
    )


def _id_of(item: object) -> object:
    return cast("dict[str, object]", item).get("id") if isinstance(item, dict) else None


def read_page_days(
    metrics: Iterable[object], since: date, until: date, warnings: SyncWarnings
) -> Iterable[PageMetricRow]:
    """Metrics' days from `since` to `until`; Meta may send their neighbours, and days without a number.

    Of two numbers of one day the later counts. A number that can't be read is left out, and noted.
    """
    rows: dict[tuple[str, date], PageMetricRow] = {}
    for name, value in _values(metrics, warnings):
        try:
            number, stat_date = _number(value), _day(value)
        except MisshapenError as error:
            _note_number(warnings, name, value.fields, error)
            continue
        if number is not None and since <= stat_date <= until:
            rows[name, stat_date] = PageMetricRow(metric=name, stat_date=stat_date, value=number)
    return rows.values()


def read_post_values(
    metrics: Iterable[object], post_external_id: str, warnings: SyncWarnings
) -> Iterator[PostMetricRow]:
    """Metrics over the post's life: of each its first value.

    What can't be read is left out, and noted; so is what is another object's.
    """
    first: dict[str, Node] = {}
    for name, value in _values(_own(metrics, post_external_id, warnings), warnings):
        first.setdefault(name, value)
    for name, value in first.items():
        try:
            number = _number(value)
        except MisshapenError as error:
            _note_number(warnings, f"{post_external_id} {name}", value.fields, error)
            continue
        if number is not None:
            yield PostMetricRow(post_external_id=post_external_id, metric=name, value=number)


def _own(metrics: Iterable[object], external_id: str, warnings: SyncWarnings) -> Iterator[object]:
    """The metrics but for those whose id, `OBJECT/insights/METRIC/PERIOD`, is another object's."""
    for item in metrics:
        found = _id_of(item)
        owner, is_told, _ = found.partition("/insights/") if isinstance(found, str) else ("", "", "")
        if is_told and owner != external_id:
            sentence = "A number of a post was left out. Meta answers with that of another object."
            warnings.note(Subject.PAGE_METRIC, sentence, external_id=external_id, found=found)
        else:
            yield item


def _values(metrics: Iterable[object], warnings: SyncWarnings) -> Iterator[tuple[str, Node]]:
    """The values of all metrics, each with its metric's name."""
    for item in metrics:
        try:
            metric = as_node(item, "insights.data")
            name, values = metric.text("name"), metric.items("values")
        except MisshapenError as error:
            _note_number(warnings, None, item, error)
            continue
        for value in values:
            try:
                node = as_node(value, "insights.data.values")
            except MisshapenError as error:
                _note_number(warnings, name, value, error)
            else:
                yield name, node


def _note_number(warnings: SyncWarnings, which: str | None, found: object, error: MisshapenError) -> None:
    warnings.note(Subject.PAGE_METRIC, f"A number of a page was left out. {error}.", external_id=which, found=found)


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
        total = sum(_whole(value, each) for each in cast("dict[str, object]", found).values())
        return _whole(value, total)
    return None if found is None else _whole(value, found)


def _whole(value: Node, number: object) -> int:
    try:
        return read_whole(number) or 0
    except NotANumberError:
        raise value.misshapen("value", "is not a whole number") from None
