"""The versions of the Marketing API, when each begins and ends, and which one answers a call (Meta's version history).

An expired version is upgraded to the oldest that lives, or refused where the app switched that off. Only ads endpoints
go by this table: Graph API's own versions live years longer.
"""

from __future__ import annotations

import re
from datetime import UTC, date
from typing import NamedTuple

from app import clock
from app.providers.sandbox.errors import old_version


class Version(NamedTuple):
    """`ends` is the first day on which it is expired, None while Meta has not set one."""

    name: str
    released: date
    ends: date | None = None


class Served(NamedTuple):
    """The version that answers, and the upgrade warning of the answer, None where the version is the asked one."""

    version: str
    warning: str | None = None


VERSIONS = (
    Version("v23.0", date(2025, 5, 29), date(2026, 6, 9)),
    Version("v24.0", date(2025, 10, 8), date(2026, 11, 10)),
    Version("v25.0", date(2026, 2, 18), date(2027, 2, 23)),
    Version("v26.0", date(2026, 7, 29)),
    Version("v27.0", date(2026, 11, 4)),
)
"""From the oldest to the newest. The last of the released ones must not have ended; what is older than all has."""

WARNING_HEADER = "X-Ad-Api-Version-Warning"
_FORM = re.compile(r"v([1-9]\d{0,2})\.(\d{1,2})", re.ASCII)


def check_version(name: str) -> None:
    """Raise GraphError for a version that was never released, or not by now."""
    released = _released()
    if not _is_older_than_all(name) and all(version.name != name for version in released):
        raise old_version(released[-1].name)


def serve_ads(name: str, *, upgrades: bool) -> Served:
    """Which version answers an ads endpoint; raises GraphError for an expired one unless it is upgraded."""
    today = _today()
    released = _released()
    living = [version.name for version in released if version.ends is None or today < version.ends]
    if name in living:
        return Served(name)
    if not upgrades:
        raise old_version(released[-1].name)
    return Served(living[0], f"The call has been auto-upgraded to {living[0]} as {name} has been deprecated.")


def _released() -> list[Version]:
    """At least one, however early it is."""
    return [version for version in VERSIONS if version.released <= _today()] or [VERSIONS[0]]


def _is_older_than_all(name: str) -> bool:
    number = _number(name)
    return number is not None and number < (_number(VERSIONS[0].name) or (0, 0))


def _number(name: str) -> tuple[int, int] | None:
    """Major and minor, None for what is no version of Meta's."""
    form = _FORM.fullmatch(name)
    return (int(form[1]), int(form[2])) if form is not None else None


def _today() -> date:
    return clock.now().astimezone(UTC).date()
