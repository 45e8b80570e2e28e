"""What Meta's usage headers say: how full the quotas are, and when a throttled account may be called again.

Documented on Meta's rate-limit page: `X-App-Usage` and `X-Business-Use-Case-Usage` name percentages (call_count,
total_time, total_cputime), the latter also minutes until access is regained; `X-Ad-Account-Usage` names a percentage
and the seconds to its reset. `x-fb-ads-insights-throttle` is read by connectors. Lists hold several types, keys may
repeat and values may exceed 100: the worst of all counts. Unreadable headers say nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from app.providers.contract import UsageReading
from app.providers.meta.answer_json import fraction_or_text, whole_or_text
from app.providers.meta.numbers import NotANumberError, read_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_LONGEST_WAIT = timedelta(days=1)  # a header beyond it is not believed
_BUSINESS_USE_CASE = "x-business-use-case-usage"
_AD_ACCOUNT = "x-ad-account-usage"
_HEADERS = ("x-app-usage", _AD_ACCOUNT, _BUSINESS_USE_CASE, "x-fb-ads-insights-throttle")
_PERCENTAGES = ("call_count", "total_time", "total_cputime", "acc_id_util_pct", "app_id_util_pct")
_FULL = 100


def regain_wait(headers: Mapping[str, str]) -> timedelta:
    """How long a throttled account may not be called, zero where no header names it.

    Header names are in lower case, or the mapping ignores case.
    """
    return _wait((*_business_seconds(headers), *_resets(headers)))


def read_usage(headers: Mapping[str, str]) -> UsageReading:
    """How full the quotas are. A reset counts as a wait only where the account is at its limit: it is always named."""
    percents = [_number(each, field) for name in _HEADERS for each in _objects(headers, name) for field in _PERCENTAGES]
    percent = max(percents, default=Decimal(0))
    full = _wait(_resets(headers, from_percent=_FULL))
    return UsageReading(
        percent=percent,
        regain_wait=max(_wait(_business_seconds(headers)), full),
        reset_wait=timedelta(0) if full else _wait(_resets(headers, from_percent=percent)),
    )


def worst_usage(readings: Iterable[UsageReading]) -> UsageReading:
    """The worst of several answers, such as those of one batch."""
    worst = UsageReading(percent=Decimal(0), regain_wait=timedelta(0))
    for each in readings:
        fullest = max(worst, each, key=lambda reading: reading.percent)
        worst = replace(fullest, regain_wait=max(worst.regain_wait, each.regain_wait))
    return worst


def _resets(headers: Mapping[str, str], *, from_percent: Decimal | int = 0) -> Iterator[Decimal]:
    """Seconds to the resets of account quotas that are used up so far."""
    for each in _objects(headers, _AD_ACCOUNT):
        if _number(each, "acc_id_util_pct") >= from_percent:
            yield _number(each, "reset_time_duration")


def _business_seconds(headers: Mapping[str, str]) -> Iterator[Decimal]:
    for each in _objects(headers, _BUSINESS_USE_CASE):
        yield 60 * _number(each, "estimated_time_to_regain_access")


def _wait(seconds: Iterable[Decimal]) -> timedelta:
    longest = max(seconds, default=Decimal(0))
    return timedelta(seconds=float(min(max(longest, Decimal(0)), Decimal(_LONGEST_WAIT.total_seconds()))))


def _objects(headers: Mapping[str, str], name: str) -> Sequence[Mapping[str, object]]:
    """Every object in a header's JSON, however deep, those under a repeated key too."""
    found: list[Mapping[str, object]] = []

    def keep(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
        found.append(dict(pairs))
        return found[-1]

    try:
        json.loads(
            headers.get(name, "{}"),
            parse_int=whole_or_text,
            parse_float=fraction_or_text,
            parse_constant=str,
            object_pairs_hook=keep,
        )
    except (ValueError, RecursionError):
        return []
    return found


def _number(fields: Mapping[str, object], name: str) -> Decimal:
    """A number in any form, 0 where there is none."""
    try:
        return read_number(fields.get(name)) or Decimal(0)
    except NotANumberError:
        return Decimal(0)
