"""The mock of an ad platform, for one account. Its numbers never change with what is set on it; its statuses do."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from app import clock
from app.errors import RequestRefusedError
from app.providers.contract import EntityStatus, StatusOutcome
from app.providers.insight_rows import rows_of
from app.providers.mock.numbers import MockNumbers, local_today
from app.providers.mock.structure import MockStructure
from app.providers.sync_warnings import SyncWarnings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
    from datetime import date

    from app.metrics.levels import Level
    from app.providers.contract import (
        AccountRecord,
        AdRecord,
        AdsetRecord,
        CampaignRecord,
        InsightRows,
        StatusRecord,
    )
    from app.providers.mock.ledger import MockLedger
    from app.providers.mock.plan import MockAccountPlan

PAGE_SIZE = 500
_BAD_REQUEST = 100  # the code that Meta gives for both refusals
_SETTABLE = frozenset({EntityStatus.ACTIVE, EntityStatus.PAUSED})

_Item = TypeVar("_Item")


class MockProvider:
    """Fulfils `AdProvider`. `seller_id` is part of every number's seed; `ledger` keeps the statuses that are set."""

    def __init__(self, *, seller_id: str, account: AccountRecord, plan: MockAccountPlan, ledger: MockLedger) -> None:
        self._seller_id = seller_id
        self._account = account
        self._plan = plan
        self._ledger = ledger
        self.warnings = SyncWarnings()

    async def get_account(self) -> AccountRecord:
        return self._account

    async def list_campaigns(self) -> AsyncIterator[Sequence[CampaignRecord]]:
        for page in _pages((await self._structure()).campaigns()):
            yield page

    async def list_adsets(self) -> AsyncIterator[Sequence[AdsetRecord]]:
        for page in _pages((await self._structure()).adsets()):
            yield page

    async def list_ads(self) -> AsyncIterator[Sequence[AdRecord]]:
        for page in _pages((await self._structure()).ads()):
            yield page

    async def list_statuses(self, level: Level) -> AsyncIterator[Sequence[StatusRecord]]:
        for page in _pages((await self._structure()).status_records(level)):
            yield page

    async def read_insights(
        self,
        level: Level,
        since: date,
        until: date,
        *,
        expected_rows: int | None = None,
    ) -> AsyncIterator[InsightRows]:
        del expected_rows  # the mock has one way for all
        today, today_part = local_today(clock.now(), self._account.time_zone)
        numbers = MockNumbers(
            seller_id=self._seller_id,
            account_external_id=self._account.external_id,
            account_name=self._account.name,
            plan=self._plan,
            today=today,
            today_part=today_part,
        )
        for page in _pages(numbers.rows(level, since, until)):
            yield rows_of(page)

    async def set_status(
        self,
        level: Level,
        external_ids: Sequence[str],
        status: EntityStatus,
    ) -> Sequence[StatusOutcome]:
        if status not in _SETTABLE:
            raise RequestRefusedError(f"the mock sets ACTIVE or PAUSED, not {status}", code=_BAD_REQUEST)
        structure = await self._structure()
        present = {record.external_id: record.status for record in structure.status_records(level)}
        outcomes = [_outcome(external_id, present.get(external_id)) for external_id in external_ids]
        changed = {outcome.external_id: status for outcome in outcomes if outcome.accepted}
        if changed:
            await self._ledger.save_statuses(level, changed)
        return outcomes

    async def _structure(self) -> MockStructure:
        return MockStructure(self._plan, await self._ledger.load_statuses(), self._account.time_zone)


def _outcome(external_id: str, present: EntityStatus | None) -> StatusOutcome:
    if present is None:
        return StatusOutcome(external_id=external_id, error="there is no such object", error_code=_BAD_REQUEST)
    if present not in _SETTABLE:
        reason = f"the object is {present} and can't be changed"
        return StatusOutcome(external_id=external_id, error=reason, error_code=_BAD_REQUEST)
    return StatusOutcome(external_id=external_id)


def _pages(items: Iterable[_Item]) -> Iterator[Sequence[_Item]]:
    remaining = iter(items)
    while page := list(islice(remaining, PAGE_SIZE)):
        yield page
