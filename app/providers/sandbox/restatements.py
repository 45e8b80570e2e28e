"""Past days that get other numbers: some of the days before a moment, chosen and changed by a seed.

Meta restates the last 28 days as late conversions arrive. What changes is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import ConfigDict

from app import clock
from app.providers.sandbox.dataset import AdDay, Delivered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """From `at` on (None: as soon as it is scripted), `share` of the `days` before that day have other numbers.

    Each ad's numbers of such a day move by half to all of `percent`, up or down. `account` is `act_…`, None is all.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    account: str | None = None
    days: int = 28
    share: float = 0.1
    percent: int = 20
    seed: int = 0
    at: datetime | None = None


class _Armed(NamedTuple):
    rule: Restatement
    at: datetime

    def list_days(self, account_id: str, time_zone: str) -> Sequence[date]:
        """The days that are restated in an account: exactly `share` of them, at least one unless it is nothing."""
        rule = self.rule
        if rule.account not in {None, f"act_{account_id}"} or rule.share <= 0:
            return ()
        last = clock.day_of(self.at, time_zone)
        days = [last - timedelta(days=back) for back in range(1, rule.days + 1)]
        days.sort(key=lambda day: _draw(rule.seed, account_id, day.isoformat()))
        return sorted(days[: max(1, round(rule.share * rule.days))])

    def change(self, ad_day: AdDay, day: date) -> AdDay:
        draw = _draw(self.rule.seed, ad_day.ad_id, day.isoformat())
        tenths = self.rule.percent * 5 + draw % (self.rule.percent * 5 + 1)
        sign = -1 if draw & 1 else 1
        numbers = [number + sign * (number * tenths // 1000) for number in ad_day.delivered]
        changed = Delivered._make(numbers)
        if changed == ad_day.delivered and any(numbers):
            changed = changed._replace(impressions=changed.impressions + 1)
        return AdDay(ad_day.ad_id, changed)


class Restatements:
    """What is or will be restated. `revision` grows with every change to it."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self.revision = 0

    def arm(self, rules: Iterable[Restatement]) -> None:
        self._armed += [_Armed(rule, rule.at or clock.now()) for rule in rules]
        self.revision += 1

    def clear(self) -> None:
        self._armed.clear()
        self.revision += 1

    def state(self) -> tuple[int, int]:
        """Equal as long as the same restatements are in force."""
        return self.revision, len(self._in_force())

    def apply(self, account_id: str, time_zone: str, day: date, ad_days: Sequence[AdDay]) -> Sequence[AdDay]:
        """A day's numbers as they are told now."""
        for armed in self._in_force():
            if day in armed.list_days(account_id, time_zone):
                ad_days = [armed.change(each, day) for each in ad_days]
        return ad_days

    def describe(self, zones: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        """Account → days restated by now, for accounts (bare ids) and their zones."""
        return {
            f"act_{account_id}": sorted(
                {day.isoformat() for armed in self._in_force() for day in armed.list_days(account_id, zone)},
            )
            for account_id, zone in zones.items()
        }

    def _in_force(self) -> Sequence[_Armed]:
        now = clock.now()
        return [armed for armed in self._armed if armed.at <= now]


def _draw(seed: int, *what: str) -> int:
    digest = blake2b(":".join((str(seed), *what)).encode(), digest_size=8).digest()
    return int.from_bytes(digest)
