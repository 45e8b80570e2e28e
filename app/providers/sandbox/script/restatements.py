"""Past days that get other numbers: some of the days before a moment, chosen and changed by a seed.

Meta restates the last 28 days as late conversions arrive. What changes is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

from app import clock
from app.providers.sandbox.script.dated_rules import DatedRules
from app.providers.sandbox.world.dataset import AdDay, Delivered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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

    def list_days(self, account_id: str, time_zone: str, since: datetime) -> Sequence[date]:
        """The days that are restated in an account: exactly `share` of them, at least one unless it is nothing."""
        if self.account not in {None, f"act_{account_id}"} or self.share <= 0:
            return ()
        last = clock.day_of(since, time_zone)
        days = [last - timedelta(days=back) for back in range(1, self.days + 1)]
        days.sort(key=lambda day: _draw(self.seed, account_id, day.isoformat()))
        return sorted(days[: max(1, round(self.share * self.days))])

    def change(self, ad_day: AdDay, day: date) -> AdDay:
        draw = _draw(self.seed, ad_day.ad_id, day.isoformat())
        tenths = self.percent * 5 + draw % (self.percent * 5 + 1)
        sign = -1 if draw & 1 else 1
        numbers = [number + sign * (number * tenths // 1000) for number in ad_day.delivered]
        changed = Delivered._make(numbers)
        if changed == ad_day.delivered and any(numbers):
            changed = changed._replace(impressions=changed.impressions + 1)
        return AdDay(ad_day.ad_id, changed)


class Restatements(DatedRules[Restatement]):
    """What is or will be restated."""

    def state(self) -> tuple[int, int]:
        """Equal as long as the same restatements are in force."""
        return self.revision, len(self.list_in_force())

    def apply(self, account_id: str, time_zone: str, day: date, ad_days: Sequence[AdDay]) -> Sequence[AdDay]:
        """A day's numbers as they are told now."""
        for rule, at in self.list_in_force():
            if day in rule.list_days(account_id, time_zone, at):
                ad_days = [rule.change(each, day) for each in ad_days]
        return ad_days

    def describe(self, zones: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        """Account → days restated by now, for accounts (bare ids) and their zones."""
        return {
            f"act_{account_id}": sorted(
                {day.isoformat() for rule, at in self.list_in_force() for day in rule.list_days(account_id, zone, at)},
            )
            for account_id, zone in zones.items()
        }


def _draw(seed: int, *what: str) -> int:
    digest = blake2b(":".join((str(seed), *what)).encode(), digest_size=8).digest()
    return int.from_bytes(digest)
