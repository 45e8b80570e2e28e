"""Insights of pages and posts: values by day, each labelled with the end of its day (Meta's page insights).

A day is a Pacific one: the values of day D carry midnight of D+1 there, which is 07:00 or 08:00 UTC. A range is open
at `since` and closed at `until` by these labels, so that since=D and until=D+1 is the one day D (from memory).
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast
from zoneinfo import ZoneInfo

from app import clock
from app.providers.sandbox.errors import bad_parameter, dead_metric, no_metric
from app.providers.sandbox.world.page_dataset import FEWEST_LIKES, PACIFIC
from app.providers.sandbox.world.page_metrics import DAYS_OF, PAGE_METRICS, POST_METRICS, Period

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.world.page_dataset import Page, Post
    from app.providers.sandbox.world.page_metrics import PageMetric

LONGEST_DAYS = 90
HISTORY_DAYS = 2 * 365
_ZONE = ZoneInfo(PACIFIC)
_MAX_DIGITS = 12


class _Span(NamedTuple):
    """From Pacific midnight to Pacific midnight, as the days that begin there."""

    since: date
    until: date

    def shifted(self, days: int) -> Mapping[str, str]:
        """Both ends moved by a number of days, as Unix seconds, which is how paging names them."""
        ends = (("since", self.since), ("until", self.until))
        return {name: str(int(_midnight(day + timedelta(days=days)).timestamp())) for name, day in ends}


def read_page_insights(call: GraphCall, page: Page) -> Mapping[str, object]:
    """`/{page}/insights`: a row for each metric and period, whatever of the metric there is."""
    metrics = _metrics(call, PAGE_METRICS)
    periods = _periods(call)
    span = _span(call)
    length = (span.until - span.since).days
    rows = [
        _row(page.id, name, period, _values(page, name, period, span))
        for name in metrics
        for period in periods
        if PAGE_METRICS[name].sums or period is Period.DAY
    ]
    paging = {"previous": call.url_with(span.shifted(-length)), "next": call.url_with(span.shifted(length))}
    return {"data": rows if page.likes >= FEWEST_LIKES else [], "paging": paging}


def read_post_insights(call: GraphCall, page: Page, post: Post) -> Mapping[str, object]:
    """`/{post}/insights`: lifetime values as of now."""
    metrics = _metrics(call, POST_METRICS)
    if call.params.get("period") not in {None, "", Period.LIFETIME}:
        raise bad_parameter("The metrics of a post have the period lifetime")
    if page.likes < FEWEST_LIKES:
        return {"data": []}
    found = ((name, page.numbers.post_value(name, post, clock.now())) for name in metrics)
    return {
        "data": [
            _row(post.id, name, Period.LIFETIME, [{"value": value}], POST_METRICS)
            for name, value in found
            if value is not None
        ],
    }


def _values(page: Page, name: str, period: Period, span: _Span) -> list[dict[str, object]]:
    values: list[dict[str, object]] = []
    for end in _ends(span):
        of_days = [page.numbers.page_value(name, end - timedelta(days=back)) for back in range(1, DAYS_OF[period] + 1)]
        known = [value for value in of_days if value is not None]
        if not known:
            continue
        whole = known[0] if period is Period.DAY else sum(value for value in known if isinstance(value, int))
        values.append({"value": whole, "end_time": _midnight(end).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S%z")})
    return values


def _ends(span: _Span) -> Iterator[date]:
    """The midnights that label the span's values: those past, and not too long ago."""
    today = clock.today_in(PACIFIC)
    end = max(span.since, today - timedelta(days=HISTORY_DAYS)) + timedelta(days=1)
    while end <= min(span.until, today):
        yield end
        end += timedelta(days=1)


def _row(
    object_id: str,
    name: str,
    period: Period,
    values: Sequence[Mapping[str, object]],
    metrics: Mapping[str, PageMetric] = PAGE_METRICS,
) -> dict[str, object]:
    title = metrics[name].title
    return {
        "name": name,
        "period": period,
        "values": values,
        "title": title,
        "description": f"{title}. (Sandbox)",
        "id": f"{object_id}/insights/{name}/{period}",
    }


def _metrics(call: GraphCall, known: Mapping[str, PageMetric]) -> list[str]:
    """A comma list or, as the official SDK sends it, a JSON list."""
    text = call.params.get("metric", "").strip()
    names = _json_list(text) if text.startswith("[") else [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise no_metric()
    if any(name not in known for name in names):
        raise dead_metric()
    return list(dict.fromkeys(names))


def _json_list(text: str) -> list[str]:
    try:
        return [str(each) for each in cast("list[object]", json.loads(text))]
    except ValueError:
        raise bad_parameter("Param metric must be an array") from None


def _periods(call: GraphCall) -> Sequence[Period]:
    name = call.params.get("period")
    if not name:
        return tuple(DAYS_OF)
    if name not in {str(period) for period in DAYS_OF}:
        raise bad_parameter(f"Param period must be one of {{{', '.join(DAYS_OF)}}}")
    return (Period(name),)


def _span(call: GraphCall) -> _Span:
    """The days of a call; without them the two that ended last (from memory)."""
    today = clock.today_in(PACIFIC)
    until = _day(call, "until") or today
    since = _day(call, "since") or until - timedelta(days=2)
    if since > until:
        raise bad_parameter("Param since must not be after until")
    if (until - since).days > LONGEST_DAYS:
        raise bad_parameter(f"There cannot be more than {LONGEST_DAYS} days between since and until")
    return _Span(since, until)


def _day(call: GraphCall, name: str) -> date | None:
    """A date, or Unix seconds, which are taken to the Pacific day they lie in."""
    text = call.params.get(name)
    if not text:
        return None
    try:
        if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
            return datetime.fromtimestamp(int(text), _ZONE).date()
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise bad_parameter(f"Param {name} must be a date or a Unix timestamp") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=_ZONE)
