"""How far numbers are behind the platform's, and why: of an ad account as such, and of days of several accounts.

An account's numbers are as old as the oldest of its four levels. Fresh: younger than two intervals of its stats syncs
(an account whose call budget can't carry the schedule has longer ones); late: than four, and half an hour; then stale.
Numbers of some days depend on their own level alone. Days that the platform restates no more are fresh for ever once
they were fetched after it said its last word. A deactivated account is behind nothing: nothing is fetched for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.clock import day_of
from app.metrics.levels import Level
from app.queries.days.freshness import FailureFacts, FetchedDays, list_fetch_facts, list_sync_facts
from app.services.platform.refusal import refusal_of
from app.vocabulary import ConnectionTrouble, FreshnessReason, FreshnessState, SyncSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from app.database.driver import Driver
    from app.metrics.ranges import DateRange
    from app.queries.days.freshness import AccountSyncFacts, FetchFacts

__all__ = [
    "FRESH_INTERVALS",
    "LATE_AT_LEAST",
    "LATE_INTERVALS",
    "REFUSALS",
    "AccountFreshness",
    "AccountsFreshness",
    "DaysFreshness",
    "FailureFacts",
    "FreshnessRequest",
    "load_accounts_freshness",
    "load_days_freshness",
]

FRESH_INTERVALS = 2
LATE_INTERVALS = 4
LATE_AT_LEAST = timedelta(minutes=30)
REFUSALS = {
    ConnectionTrouble.TOKEN: FreshnessReason.TOKEN_EXPIRED,
    ConnectionTrouble.PERMISSION: FreshnessReason.PERMISSION,
}
_FAILURES = frozenset({FreshnessReason.REFUSED, FreshnessReason.FAILING})
_REFUSED = "REFUSED"
_ONE_DAY = timedelta(days=1)
# If there are several reasons, the first is shown: those that need action come first.
_REASONS = (
    FreshnessReason.TOKEN_EXPIRED,
    FreshnessReason.PERMISSION,
    FreshnessReason.REFUSED,
    FreshnessReason.FAILING,
    FreshnessReason.THROTTLED,
    FreshnessReason.META_GAP,
    FreshnessReason.NEVER_SYNCED,
    FreshnessReason.BEHIND,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFreshness:
    """`reason` and `since` are None when it is fresh; `expected_by` is None when it is unknown.

    `refusal` is why the platform refuses the account, however fresh it is; `failure` the work behind REFUSED and
    FAILING.
    """

    state: FreshnessState
    reason: FreshnessReason | None
    refusal: FreshnessReason | None
    since: datetime | None
    expected_by: datetime | None
    failure: FailureFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysFreshness:
    """The freshness of numbers over some days: `behind` are the accounts that are not fresh."""

    state: FreshnessState
    reason: FreshnessReason | None
    behind: tuple[UUID, ...]


class FreshnessRequest(NamedTuple):
    """Numbers of one level, of these accounts together, over these days."""

    level: Level
    account_ids: tuple[UUID, ...]
    days: DateRange
    is_final: bool


class _Verdict(NamedTuple):
    state: FreshnessState
    reason: FreshnessReason | None


_FRESH = _Verdict(FreshnessState.FRESH, None)


class AccountsFreshness:
    """What is known of a seller's ad accounts at one moment."""

    def __init__(self, facts: Iterable[AccountSyncFacts], *, now: datetime, interval: timedelta) -> None:
        self._facts = {account.account_id: account for account in facts}
        self._now = now
        self._interval = interval

    def of_account(self, account_id: UUID) -> AccountFreshness | None:
        """None for an account that is deactivated."""
        account = self._facts.get(account_id)
        if account is None or not account.is_active:
            return None
        verdict = self._of_levels(account, tuple(Level))
        fresh_for = self._stretched(account) * FRESH_INTERVALS
        oldest = min((until for until in account.covered.values() if until), default=account.created_at)
        return AccountFreshness(
            state=verdict.state,
            reason=verdict.reason,
            refusal=self._refusal(account),
            since=None if verdict.state is FreshnessState.FRESH else self._since(account, oldest + fresh_for),
            expected_by=self._expected_by(account, oldest, verdict),
            failure=_failure_of(account, tuple(Level)) if verdict.reason in _FAILURES else None,
        )

    def wanted_days(self, request: FreshnessRequest) -> list[FetchedDays]:
        """The days of each account that must have been fetched: those before the last one that may still go on."""
        return [
            FetchedDays(
                account.account_id,
                request.level,
                request.days.from_date,
                self._last_whole(account, request),
                account.time_zone,
            )
            for account in self._active(request)
        ]

    def of_days(self, request: FreshnessRequest, fetches: Mapping[FetchedDays, FetchFacts]) -> DaysFreshness | None:
        """None when none of the accounts is active."""
        accounts = self._active(request)
        if not accounts:
            return None
        found = {
            account.account_id: self._of_days(account, request, fetches[days])
            for account, days in zip(accounts, self.wanted_days(request), strict=True)
        }
        verdict = _together(list(found.values()))
        behind = tuple(account_id for account_id, each in found.items() if each.state is not FreshnessState.FRESH)
        return DaysFreshness(state=verdict.state, reason=verdict.reason, behind=behind)

    def _active(self, request: FreshnessRequest) -> list[AccountSyncFacts]:
        known = (self._facts.get(account_id) for account_id in request.account_ids)
        return [account for account in known if account is not None and account.is_active]

    def _last_whole(self, account: AccountSyncFacts, request: FreshnessRequest) -> date:
        return min(request.days.to_date, day_of(self._now, account.time_zone) - _ONE_DAY)

    def _of_days(self, account: AccountSyncFacts, request: FreshnessRequest, fetched: FetchFacts) -> _Verdict:
        if self._is_still(account):
            return _FRESH
        if not request.is_final:
            now = self._of_levels(account, (request.level,))
            if now.state is not FreshnessState.FRESH:
                return now
        return self._of_history(account, request, fetched)

    def _of_history(self, account: AccountSyncFacts, request: FreshnessRequest, fetched: FetchFacts) -> _Verdict:
        """Days before the first that was ever fetched are no gap: the history was asked for from there on."""
        first = fetched.first_day
        if first is None or request.days.to_date < first:
            return _Verdict(FreshnessState.STALE, self._refusal(account) or FreshnessReason.NEVER_SYNCED)
        whole = (self._last_whole(account, request) - max(request.days.from_date, first)).days + 1
        if fetched.days < whole:
            state = FreshnessState.PARTIAL if fetched.days else FreshnessState.STALE
            return _Verdict(state, self._refusal(account) or FreshnessReason.META_GAP)
        if request.is_final and not fetched.since_final:
            return _Verdict(FreshnessState.LATE, self._refusal(account) or FreshnessReason.BEHIND)
        return _FRESH

    def _of_levels(self, account: AccountSyncFacts, levels: Sequence[Level]) -> _Verdict:
        if self._is_still(account):
            return _FRESH
        states = [self._state(account, account.covered[level]) for level in levels]
        if set(states) == {FreshnessState.FRESH}:
            return _FRESH
        never = any(account.covered[level] is None for level in levels)
        reason = self._reason(account, levels) or (FreshnessReason.NEVER_SYNCED if never else FreshnessReason.BEHIND)
        return _Verdict(_worst(states), reason)

    def _state(self, account: AccountSyncFacts, covered: datetime | None) -> FreshnessState:
        if covered is None:
            return FreshnessState.STALE
        age, interval = self._now - covered, self._stretched(account)
        if age <= interval * FRESH_INTERVALS:
            return FreshnessState.FRESH
        if age <= max(interval * LATE_INTERVALS, LATE_AT_LEAST):
            return FreshnessState.LATE
        return FreshnessState.STALE

    def _is_still(self, account: AccountSyncFacts) -> bool:
        """No campaign of it can have new numbers, which is why nothing is fetched."""
        return account.is_healthy and not account.moves and account.structure_synced_at is not None

    def _reason(self, account: AccountSyncFacts, levels: Sequence[Level]) -> FreshnessReason | None:
        if refusal := self._refusal(account):
            return refusal
        if failure := _failure_of(account, levels):
            return FreshnessReason.REFUSED if failure.error_class == _REFUSED else FreshnessReason.FAILING
        throttled = account.paused_until is not None or account.stretch > 1
        return FreshnessReason.THROTTLED if throttled else None

    def _refusal(self, account: AccountSyncFacts) -> FreshnessReason | None:
        """Why the platform refuses the account."""
        refusal = refusal_of(
            account.trouble,
            is_healthy=account.is_healthy,
            token_expires_at=_believed_end(account),
            now=self._now,
        )
        return None if refusal is None else REFUSALS[refusal]

    def _since(self, account: AccountSyncFacts, stale_from: datetime) -> datetime:
        never = any(until is None for until in account.covered.values())
        return account.created_at if never else min(stale_from, self._now)

    def _expected_by(self, account: AccountSyncFacts, oldest: datetime, verdict: _Verdict) -> datetime | None:
        if self._refusal(account) is not None:
            return None
        if verdict.state is FreshnessState.FRESH:
            due = max(self._now, oldest + self._stretched(account))
            return None if self._is_still(account) else max(due, account.paused_until or due)
        if verdict.reason is not FreshnessReason.THROTTLED:
            return None
        return max(self._now, account.paused_until or oldest + self._stretched(account))

    def _stretched(self, account: AccountSyncFacts) -> timedelta:
        return self._interval * account.stretch


async def load_accounts_freshness(
    driver: Driver, seller_id: UUID, *, now: datetime, interval: timedelta
) -> AccountsFreshness:
    """One statement. `interval`: of the stats syncs as scheduled."""
    facts = await list_sync_facts(driver, seller_id, now=now)
    return AccountsFreshness(facts, now=now, interval=interval)


async def load_days_freshness(
    driver: Driver, seller_id: UUID, accounts: AccountsFreshness, asked: Sequence[FreshnessRequest]
) -> list[DaysFreshness | None]:
    """One statement, whatever is asked."""
    wanted = list(dict.fromkeys(days for request in asked for days in accounts.wanted_days(request)))
    fetches = dict(zip(wanted, await list_fetch_facts(driver, seller_id, wanted), strict=True))
    return [accounts.of_days(request, fetches) for request in asked]


def _believed_end(account: AccountSyncFacts) -> datetime | None:
    """When its token ends; None where calls after that end were answered, which say more than the date."""
    end = account.token_expires_at
    answered = filter(None, (account.structure_synced_at, *account.covered.values()))
    return None if end is not None and any(end < each for each in answered) else end


def _failure_of(account: AccountSyncFacts, levels: Sequence[Level]) -> FailureFacts | None:
    """The work that keeps numbers of these levels from coming: theirs first, then any but that of other levels.

    One failed round is enough: it is asked for where numbers are behind, and a success forgets it.
    """
    own = [f"{SyncSource.INSIGHTS}/{level.name}" for level in levels]
    relevant = [each for each in account.failures if each.work in own or not each.work.startswith(SyncSource.INSIGHTS)]
    return min(relevant, key=lambda each: (each.work not in own, not each.is_outdated), default=None)


def _worst(states: Iterable[FreshnessState]) -> FreshnessState:
    """The state of several parts: PARTIAL if only some are fresh, otherwise that of the worst."""
    found = set(states)
    if FreshnessState.PARTIAL in found or (FreshnessState.FRESH in found and len(found) > 1):
        return FreshnessState.PARTIAL
    return max(found, key=[FreshnessState.FRESH, FreshnessState.LATE, FreshnessState.STALE].index)


def _together(verdicts: Sequence[_Verdict]) -> _Verdict:
    reasons = {verdict.reason for verdict in verdicts}
    return _Verdict(
        _worst(verdict.state for verdict in verdicts), next((reason for reason in _REASONS if reason in reasons), None)
    )
