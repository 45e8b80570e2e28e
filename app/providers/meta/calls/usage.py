"""What Meta's usage headers say: how full the quotas are, and when a throttled account may be called again.

Documented on Meta's rate-limit page: `X-App-Usage` and `X-Business-Use-Case-Usage` name percentages (call_count,
total_time, total_cputime), the latter also minutes until access is regained; `X-Ad-Account-Usage` names a percentage
and the seconds to its reset. `x-fb-ads-insights-throttle` is read by connectors. The worst of all that is said of a
quota counts; lists hold several types, keys may repeat and values may exceed 100. Unreadable headers say nothing.

`X-Business-Use-Case-Usage` speaks of several quotas, by the id of an account or page (or of a business, from which no
account follows) and by type: each says something of its own account and use case alone. A time to wait is always
named, so it is believed only where the call was refused, or where the quota that it is said of is full.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import httpx

from app.providers.contract import UsageReading
from app.providers.meta.calls.retry_after import read_retry_after
from app.providers.meta.calls.usage_json import Fields, list_entries, list_objects
from app.providers.meta.values.numbers import NotANumberError, read_number
from app.vocabulary import UseCase

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

LONGEST_WAIT = timedelta(days=1)
"""A wait beyond it is not believed: no quota of Meta's is for longer than a day."""
LONGEST_ANSWERED_WAIT = timedelta(hours=1)
"""Where calls are answered all the same, a longer wait is looked at again after it: most quotas are for an hour."""
_BUSINESS_USE_CASE = "x-business-use-case-usage"
_AD_ACCOUNT = "x-ad-account-usage"
_INSIGHTS_THROTTLE = "x-fb-ads-insights-throttle"
_APP = "x-app-usage"
_RETRY_AFTER = "retry-after"
_PERCENTAGES = ("call_count", "total_time", "total_cputime", "acc_id_util_pct", "app_id_util_pct")
_REGAIN_MINUTES = "estimated_time_to_regain_access"
_RESET_SECONDS = "reset_time_duration"
_FULL = Decimal(100)
# The percentages are rounded, and a throttle is told from this one on.
_NEARLY_FULL = Decimal(95)
_NOTHING = timedelta(0)
_USE_CASES = {each.lower(): each for each in UseCase}


class _Said(NamedTuple):
    """What is said of the quota of one use case, None for one that none of our calls has."""

    use_case: UseCase | None
    percent: Decimal
    regain: timedelta


def regain_wait(
    headers: Mapping[str, str], *, account: str | None = None, use_cases: Collection[UseCase] = tuple(UseCase)
) -> timedelta:
    """How long after a refusal the account may not be called for these use cases, zero where no header names it.

    `account` is the bare id of the account or page that was called; without it, whatever is said is said of it.
    """
    said = _business(headers, account, untyped=next(iter(use_cases)), refused=True)
    business = (each.regain for each in said if each.use_case in use_cases)
    resets = (_wait(each, _RESET_SECONDS) for each in _objects(headers, _AD_ACCOUNT))
    return max((*business, *resets), default=_NOTHING) or _retry_after(headers)


def read_usage(
    headers: Mapping[str, str], use_case: UseCase, *, account: str | None = None
) -> Mapping[UseCase, UsageReading]:
    """How full the quotas are after a call of a use case that was not throttled; its own is always among them.

    A reset counts as a wait only where the account is at its limit: it is always named.
    """
    said = [
        *_business(headers, account, untyped=use_case),
        *(_Said(use_case, _percent(each), _NOTHING) for each in _objects(headers, _APP)),
        *(_Said(UseCase.ADS_INSIGHTS, _percent(each), _NOTHING) for each in _objects(headers, _INSIGHTS_THROTTLE)),
        *(_Said(use_case, _percent(each), _full_reset(each)) for each in _objects(headers, _AD_ACCOUNT)),
    ]
    readings = {use_case: UsageReading(percent=Decimal(0), regain_wait=_NOTHING)}
    for each in said:
        if each.use_case is not None:
            worst = readings.get(each.use_case)
            readings[each.use_case] = UsageReading(
                percent=max(each.percent, worst.percent if worst else each.percent),
                regain_wait=max(each.regain, worst.regain_wait if worst else _NOTHING),
            )
    own = readings[use_case]
    if not any(_full_reset(each) for each in _objects(headers, _AD_ACCOUNT)):
        readings[use_case] = replace(own, reset_wait=_reset_from(headers, own.percent))
    return readings


def worst_usage(answers: Iterable[Mapping[UseCase, UsageReading]]) -> Mapping[UseCase, UsageReading]:
    """The worst of several answers, such as those of one batch."""
    worst: dict[UseCase, UsageReading] = {}
    for use_case, reading in (pair for each in answers for pair in each.items()):
        known = worst.get(use_case, reading)
        fullest = max(known, reading, key=lambda each: each.percent)
        worst[use_case] = replace(fullest, regain_wait=max(known.regain_wait, reading.regain_wait))
    return worst


def _business(
    headers: Mapping[str, str], account: str | None, *, untyped: UseCase, refused: bool = False
) -> Iterator[_Said]:
    """What is said of our account; what is said of another id, in case it is a business of ours, where ours is missing.

    Another id's wait is believed only after a refusal, which may be of that business.
    """
    entries = [each for value in _sent(headers, _BUSINESS_USE_CASE) for each in list_entries(value)]
    own = [each for each in entries if account is None or each.owner in {None, account}]
    for _, fields in own or entries:
        kind = fields.get("type")
        percent, regain = _percent(fields), _wait(fields, _REGAIN_MINUTES, unit=60)
        if not refused:
            regain = min(regain, LONGEST_ANSWERED_WAIT) if own and percent >= _NEARLY_FULL else _NOTHING
        use_case = untyped if kind is None else _USE_CASES.get(str(kind).lower())
        yield _Said(use_case, percent, regain)


def _full_reset(fields: Fields) -> timedelta:
    """The time to the reset of an account's quota that is used up; zero of any other."""
    return min(_wait(fields, _RESET_SECONDS), LONGEST_ANSWERED_WAIT) if _percent(fields) >= _FULL else _NOTHING


def _reset_from(headers: Mapping[str, str], percent: Decimal) -> timedelta:
    """The time to the reset of an account's quota that is used up so far."""
    resets = (_wait(each, _RESET_SECONDS) for each in _objects(headers, _AD_ACCOUNT) if _percent(each) >= percent)
    return max(resets, default=_NOTHING)


def _retry_after(headers: Mapping[str, str]) -> timedelta:
    waits = (read_retry_after(value) for value in _sent(headers, _RETRY_AFTER))
    return max((wait for wait in waits if wait <= LONGEST_WAIT), default=_NOTHING)


def _objects(headers: Mapping[str, str], name: str) -> list[Fields]:
    return [each for value in _sent(headers, name) for each in list_objects(value)]


def _sent(headers: Mapping[str, str], name: str) -> Sequence[str]:
    """A header's values, one for each time that it was sent. Names are in lower case, or the mapping ignores case."""
    if isinstance(headers, httpx.Headers):
        return headers.get_list(name)
    return [headers[name]] if name in headers else []


def _percent(fields: Fields) -> Decimal:
    return max(_number(fields, name) for name in _PERCENTAGES)


def _wait(fields: Fields, name: str, *, unit: int = 1) -> timedelta:
    """A wait in units of seconds; zero if none is named, or none that is credible."""
    seconds = unit * _number(fields, name)
    return timedelta(seconds=float(seconds)) if 0 < seconds <= LONGEST_WAIT.total_seconds() else _NOTHING


def _number(fields: Fields, name: str) -> Decimal:
    """A number in any form, 0 where there is none."""
    try:
        return read_number(fields.get(name)) or Decimal(0)
    except NotANumberError:
        return Decimal(0)
