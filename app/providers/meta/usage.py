"""When a throttled account may be called again, from Meta's usage headers.

Documented on Meta's rate-limit page: `X-Business-Use-Case-Usage` names minutes per business object and use case,
`X-Ad-Account-Usage` seconds. Lists may hold several types and the worst counts. Unreadable headers say nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from app.errors import ProviderTransientError
from app.providers.meta.node import as_node, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_WAIT = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(days=1)  # a header beyond it is not believed
_BUSINESS_USE_CASE = "x-business-use-case-usage"
_AD_ACCOUNT = "x-ad-account-usage"


def regain_wait(headers: Mapping[str, str]) -> timedelta:
    """How long no call may be made; header names in lower case (or a mapping that ignores case)."""
    seconds = max((*_business_use_case_seconds(headers), *_ad_account_seconds(headers)), default=0)
    if seconds <= 0:
        return DEFAULT_WAIT
    return min(timedelta(seconds=min(seconds, _LONGEST_WAIT.total_seconds())), _LONGEST_WAIT)


def _business_use_case_seconds(headers: Mapping[str, str]) -> Iterator[int]:
    for use_cases in _header_object(headers, _BUSINESS_USE_CASE).values():
        for use_case in cast("list[object]", use_cases) if isinstance(use_cases, list) else []:
            if isinstance(use_case, dict):
                yield 60 * (as_node(cast("object", use_case), "usage").integer("estimated_time_to_regain_access") or 0)


def _ad_account_seconds(headers: Mapping[str, str]) -> Iterator[int]:
    yield as_node(dict(_header_object(headers, _AD_ACCOUNT)), "usage").integer("reset_time_duration") or 0


def _header_object(headers: Mapping[str, str], name: str) -> Mapping[str, object]:
    try:
        return as_node(parse_json(headers.get(name, "{}"), name), name).fields
    except ProviderTransientError:
        return {}
