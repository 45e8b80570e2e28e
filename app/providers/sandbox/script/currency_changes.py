"""Ad accounts that get another currency on a day: days from then on are in it, earlier ones once they are restated.

Every row of insights says what its money is in (`account_currency`), the account's node what the account has now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

from app import clock
from app.providers.sandbox.script.dated_rules import DatedRules
from app.providers.sandbox.world.dataset import AdDay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.providers.sandbox.script.dated_rules import Dated
    from app.providers.sandbox.world.dataset import Account


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

    def tells(self, day: date, time_zone: str, since: datetime) -> bool:
        """Whether a day is told in the new currency by now."""
        first = clock.day_of(since, time_zone)
        if self.restated_at is not None and self.restated_at <= clock.now():
            first -= timedelta(days=self.restates_days)
        return day >= first


class CurrencyChanges(DatedRules[CurrencyChange]):
    """All that are scripted."""

    def state(self) -> tuple[int, int]:
        """Equal as long as days are told in the same currencies."""
        if not self.dated:
            return self.revision, 0
        now = clock.now()
        instants = [at for each in self.dated for at in (each.at, each.rule.restated_at) if at is not None]
        return self.revision, sum(at <= now for at in instants)

    def currency(self, account: Account) -> str:
        """What the account has now."""
        changed = self._list_in_force_of(account)
        return changed[-1].rule.currency if changed else account.currency

    def currency_of(self, account: Account, day: date) -> str:
        """What a day is told in now."""
        told = self._telling(account, day)
        return told[-1].currency if told else account.currency

    def apply(self, account: Account, day: date, ad_days: Sequence[AdDay]) -> Sequence[AdDay]:
        """A day's money as it is told now."""
        rate = 1
        for change in self._telling(account, day):
            rate *= change.rate
        return ad_days if rate == 1 else [_converted(each, rate) for each in ad_days]

    def _telling(self, account: Account, day: date) -> Sequence[CurrencyChange]:
        if not self.dated:
            return ()
        return [rule for rule, at in self._list_in_force_of(account) if rule.tells(day, account.time_zone, at)]

    def _list_in_force_of(self, account: Account) -> Sequence[Dated[CurrencyChange]]:
        return [each for each in self.list_in_force() if each.rule.account == f"act_{account.id}"]


def _converted(ad_day: AdDay, rate: int) -> AdDay:
    told = ad_day.delivered
    return AdDay(ad_day.ad_id, told._replace(spend=told.spend * rate, purchase_value=told.purchase_value * rate))
