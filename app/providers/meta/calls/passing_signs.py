"""What says that a refusal passes by itself: limits of calls, and outages of the platform's own.

Limits come under codes and subcodes that no page of Meta's lists together, and some connectors met them under codes of
bad parameters and permissions. An outage may speak of access that is restricted or closed and means everybody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Subcodes that are of limits under whatever code they come (Meta's rate-limit page).
THROTTLE_SUBCODES = frozenset({2446079, 1487742, 1487225, 1487632, 5044001, 1996, 1504022, 1504039})

_THROTTLE_TEXTS = (
    "too many calls",
    "too many requests",
    "too many api",
    "too many actions",
    "request limit",
    "rate limit",
    "rate-limit",
    "rate_limit",
    "ratelimit",
    "throttl",
)
_OUTAGE_TEXTS = (
    "temporar",
    "maintenance",
    "service unavailable",
    "service is unavailable",
    "currently unavailable",
)
_AGAIN_TEXTS = (*_OUTAGE_TEXTS, "try again", "retry", "timed out", "timeout", "unknown error", "unexpected error")


def names_throttle(text: str) -> bool:
    """Whether a failure speaks of a limit of calls."""
    return _has(text, _THROTTLE_TEXTS)


def names_outage(text: str) -> bool:
    """Whether a failure says that the service itself is away for a while."""
    return _has(text, _OUTAGE_TEXTS)


def asks_to_try_again(text: str) -> bool:
    """Whether a failure says that the same call may succeed, which of some codes is said of everything."""
    return _has(text, _AGAIN_TEXTS)


def _has(text: str, parts: Sequence[str]) -> bool:
    lower = text.lower()
    return any(part in lower for part in parts)
