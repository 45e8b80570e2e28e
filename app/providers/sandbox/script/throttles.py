"""Throttles for calling too often: a number of calls in a window pass, then none until it is over.

Data, never code. Codes and HTTP statuses are those seen of Meta: seldom a 429. A call that is refused is not counted.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import ConfigDict

from app import clock
from app.providers.sandbox.errors import GraphError
from app.providers.sandbox.rules.usage import Load, UseCase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_APP = ""


class _Refusal(NamedTuple):
    code: int
    subcode: int | None
    http_status: int
    message: str


_OF_APP = _Refusal(4, None, 403, "Application request limit reached")
_OF_ACCOUNT = _Refusal(17, 2446079, 400, "User request limit reached")
_OF_USE_CASE = {
    UseCase.INSIGHTS: _Refusal(80000, 2446079, 400, "There have been too many calls from this ad-account."),
    UseCase.MANAGEMENT: _Refusal(80004, 2446079, 400, "There have been too many calls to this ad-account."),
    UseCase.PAGES: _Refusal(80001, None, 400, "There have been too many calls to this Page account."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """`after_calls` calls within `window_seconds` pass; the next begins a throttle of `seconds`, at most `times` times.

    `account` is `act_…` or a page's id; without it the rule holds for each by itself, or, with `whole_app`, for all
    together. Without a `use_case` all calls count. Without a `code` it is Meta's for that reach: 4 for the app, 17 for
    the account, 8000x for the use case. `names_regain` says whether headers tell when it is over.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    account: str | None = None
    use_case: UseCase | None = None
    whole_app: bool = False
    after_calls: int = 0
    window_seconds: float = 3600.0
    seconds: float = 3600.0
    times: int | None = None
    code: int | None = None
    subcode: int | None = None
    http_status: int | None = None
    names_regain: bool = True

    def fits(self, account: str, use_case: UseCase) -> bool:
        return self.account in {None, account} and self.use_case in {None, use_case}

    def error(self) -> GraphError:
        usual = _OF_APP if self.whole_app else _OF_USE_CASE[self.use_case] if self.use_case else _OF_ACCOUNT
        code = usual.code if self.code is None else self.code
        return GraphError(
            f"(#{code}) {usual.message}",
            code=code,
            subcode=self.subcode if self.code is not None else usual.subcode,
            http_status=self.http_status or (400 if self.code is not None else usual.http_status),
        )


@dataclass(slots=True)
class _Meter:
    """What one rule counted of one account, page or app."""

    rule: Throttle
    calls: deque[datetime] = field(default_factory=deque[datetime])
    until: datetime | None = None
    begun: int = 0

    def is_on(self) -> bool:
        """Whether the throttle is on; one whose time is over ends here, and counting begins anew."""
        if self.until is not None and self.until <= clock.now():
            self.release()
        return self.until is not None

    def release(self) -> None:
        self.until = None
        self.calls.clear()

    def count(self) -> bool:
        """Count a call; whether it began a throttle."""
        now = clock.now()
        while self.calls and self.calls[0] <= now - timedelta(seconds=self.rule.window_seconds):
            self.calls.popleft()
        if len(self.calls) < self.rule.after_calls or self.begun == self.rule.times:
            self.calls.append(now)
            return False
        self.until = now + timedelta(seconds=self.rule.seconds)
        self.begun += 1
        return True

    def load(self) -> Load:
        """An account's throttle tells its end in seconds, a use case's in minutes, as Meta's two headers do."""
        rule = self.rule
        percent = 100.0 if self.is_on() else round(100 * len(self.calls) / max(rule.after_calls, 1), 2)
        app_percent = percent if rule.whole_app else None
        if self.until is None or not rule.names_regain:
            return Load(percent, app_percent=app_percent)
        seconds = ceil((self.until - clock.now()).total_seconds())
        if rule.use_case is not None or rule.whole_app:
            return Load(percent, regain_minutes=ceil(seconds / 60), app_percent=app_percent)
        return Load(percent, reset_seconds=seconds)


class Throttles:
    """The rules in force, each with its meters."""

    def __init__(self, rules: Iterable[Throttle] = ()) -> None:
        self._meters: list[tuple[Throttle, dict[str, _Meter]]] = []
        self.arm(rules)

    def arm(self, rules: Iterable[Throttle]) -> None:
        self._meters += [(rule, {}) for rule in rules]

    def clear(self) -> None:
        self._meters.clear()

    def release(self, account: str | None = None) -> None:
        """End the throttles of an account or page, or all; the rules stay and count from nothing."""
        for _, meters in self._meters:
            for name, meter in meters.items():
                if account in {None, name} or name == _APP:
                    meter.release()

    def take(self, account: str, use_case: UseCase) -> GraphError | None:
        """Count a call where it may pass; the refusal where it may not."""
        meters = list(self._fitting(account, use_case))
        struck = next((meter for meter in meters if meter.is_on()), None)
        if struck is None:
            began = [meter for meter in meters if meter.count()]
            struck = began[0] if began else None
        return struck.rule.error() if struck is not None else None

    def load(self, account: str, use_case: UseCase) -> Load | None:
        """The fullest of the quotas that the rules make, None where no rule fits."""
        loads = [meter.load() for meter in self._fitting(account, use_case)]
        return max(loads, key=lambda load: load.percent, default=None)

    def describe(self) -> list[Mapping[str, object]]:
        """Each rule's meters, for the control endpoints."""
        return [
            {
                "account": name or "app",
                "use_case": rule.use_case,
                "on": meter.is_on(),
                "until": meter.until.isoformat() if meter.until is not None else None,
                "calls": len(meter.calls),
                "begun": meter.begun,
            }
            for rule, meters in self._meters
            for name, meter in meters.items()
        ]

    def _fitting(self, account: str, use_case: UseCase) -> Iterator[_Meter]:
        for rule, meters in self._meters:
            if rule.fits(account, use_case):
                name = _APP if rule.whole_app else account
                yield meters.setdefault(name, _Meter(rule))
