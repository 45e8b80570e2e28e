"""Ad accounts that get another currency on a day: days from then on are in it, earlier ones once they are restated.

Every row of insights says what its money is in (`account_currency`), the account's node what the account has now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import ConfigDict

from app import clock
from app.providers.sandbox.dataset import AdDay

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.providers.sandbox.dataset import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyChange:
    """From `at` on (None: as soon as it is scripted) the account (`act_…`) has this currency, and so has that day.

    `restates_days` days before it are told in it from `restated_at` on (None: never). Money in the new currency is
    `rate` times what it was, in minor units.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    account: str
    currency: str
    at: datetime | None = None
    rate: int = 1
    restated_at: datetime | None = None
    restates_days: int = 28


class _Armed(NamedTuple):
    rule: CurrencyChange
    at: datetime

    def tells(self, day: date, time_zone: str, now: datetime) -> bool:
        """Whether a day is told in the new currency by now."""
        first = clock.day_of(self.at, time_zone)
        if self.rule.restated_at is not None and self.rule.restated_at <= now:
            first -= timedelta(days=self.rule.restates_days)
        return day >= first


class CurrencyChanges:
    """All that are scripted, in that order. `revision` grows with every change to them."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self.revision = 0

    @property
    def armed(self) -> int:
        return len(self._armed)

    def arm(self, rules: Iterable[CurrencyChange]) -> None:
        self._armed += [_Armed(rule, rule.at or clock.now()) for rule in rules]
        self.revision += 1

    def clear(self) -> None:
        self._armed.clear()
        self.revision += 1

    def state(self) -> tuple[int, int]:
        """Equal as long as days are told in the same currencies."""
        if not self._armed:
            return self.revision, 0
        now = clock.now()
        instants = [at for each in self._armed for at in (each.at, each.rule.restated_at) if at is not None]
        return self.revision, sum(at <= now for at in instants)

    def currency(self, account: Account) -> str:
        """What the account has now."""
        changed = self._in_force(account)
        return changed[-1].rule.currency if changed else account.currency

    def currency_of(self, account: Account, day: date) -> str:
        """What a day is told in now."""
        told = self._telling(account, day)
        return told[-1].rule.currency if told else account.currency

    def apply(self, account: Account, day: date, ad_days: Sequence[AdDay]) -> Sequence[AdDay]:
        """A day's money as it is told now."""
        rate = 1
        for armed in self._telling(account, day):
            rate *= armed.rule.rate
        return ad_days if rate == 1 else [_converted(each, rate) for each in ad_days]

    def _telling(self, account: Account, day: date) -> Sequence[_Armed]:
        if not self._armed:
            return ()
        now = clock.now()
        return [armed for armed in self._in_force(account) if armed.tells(day, account.time_zone, now)]

    def _in_force(self, account: Account) -> Sequence[_Armed]:
        now = clock.now()
        return [each for each in self._armed if each.rule.account == f"act_{account.id}" and each.at <= now]


def _converted(ad_day: AdDay, rate: int) -> AdDay:
    told = ad_day.delivered
    return AdDay(ad_day.ad_id, told._replace(spend=told.spend * rate, purchase_value=told.purchase_value * rate))
