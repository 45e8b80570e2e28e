"""One account as Meta sees it now: the world's entities under the changes made since, and their numbers by day.

Owns the cascade of statuses (SDK 26.0.3) and the time in which an ad was running. Never writes a change itself.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from app import clock
from app.providers.sandbox.world.dataset import Account, AdDay, Entity, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.providers.sandbox.script.script import Script
    from app.providers.sandbox.state.changes import Changes

_ENDED = frozenset({Status.ARCHIVED, Status.DELETED})
_NEVER_DELIVERS = frozenset({"PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO", "IN_PROCESS"})
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class _Turn(NamedTuple):
    at: datetime
    running: bool


class LiveAccount:
    """An account, indexed once; statuses are looked up at the time of asking."""

    def __init__(self, account: Account, changes: Changes, script: Script) -> None:
        self.account = account
        self.changes = changes
        self._script = script
        self.zone = ZoneInfo(account.time_zone)
        self.entities = {entity.id: entity for entity in account.entities}
        self.ordinals = {entity.id: position for position, entity in enumerate(account.entities)}
        self._lineage = {entity.id: self._trace(entity) for entity in account.entities}
        self._under: defaultdict[tuple[str, Kind], list[Entity]] = defaultdict(list)
        for entity in account.entities:
            for ancestor_id in (account.id, *(each.id for each in self._lineage[entity.id][1:])):
                self._under[ancestor_id, entity.kind].append(entity)
        self._days: dict[date, Sequence[AdDay]] = {}
        self._days_state = self.state()

    def state(self) -> tuple[int, ...]:
        """Equal as long as past days have the same numbers."""
        return (self.changes.revision, *self._script.restatements.state(), *self._script.currencies.state())

    @property
    def currency(self) -> str:
        """What the account has now."""
        return self._script.currencies.currency(self.account)

    def currency_of(self, day: date) -> str:
        """What a day is told in now."""
        return self._script.currencies.currency_of(self.account, day)

    def is_listed(self, entity: Entity) -> bool:
        """Whether edges name it at all."""
        unlisted = self._script.unlisted.ids
        return not unlisted or unlisted.isdisjoint(each.id for each in self._lineage[entity.id])

    def lineage(self, entity_id: str) -> tuple[Entity, ...]:
        """The entity, then its parents from the nearest upward."""
        return self._lineage[entity_id]

    def list_under(self, node_id: str, kind: Kind) -> Sequence[Entity]:
        """All entities of a kind under the account or an entity, in their fixed order."""
        return self._under.get((node_id, kind), ())

    def status(self, entity: Entity) -> Status:
        """What was set."""
        written = self.changes.find_value(entity.id, "status")
        return Status(written) if written is not None else entity.status

    def effective_status(self, entity: Entity) -> str:
        """What Meta makes of the entity's status, its parents' and its review."""
        own, *parents = ((each.kind, self.status(each)) for each in self._lineage[entity.id])
        if own[1] in _ENDED:
            return own[1]
        ended = [status for _, status in parents if status in _ENDED]
        if ended:
            return Status.DELETED if Status.DELETED in ended else Status.ARCHIVED
        if own[1] is Status.PAUSED:
            return own[1]
        for kind, status in reversed(parents):
            if status is Status.PAUSED:
                return "CAMPAIGN_PAUSED" if kind is Kind.CAMPAIGN else "ADSET_PAUSED"
        return entity.held or Status.ACTIVE

    def today(self) -> date:
        return clock.today_in(self.account.time_zone)

    def list_ad_days(self, day: date) -> Sequence[AdDay]:
        """What each ad delivered on a day; past days are computed once as long as nothing changes."""
        today = self.today()
        if day < self.account.delivery.first_day or day > today:
            return ()
        if self._days_state != self.state():
            self._days.clear()
            self._days_state = self.state()
        known = self._days.get(day)
        if known is None:
            told = self.account.delivery.list_ad_days(day, self)
            known = self._script.restatements.apply(self.account.id, self.account.time_zone, day, told)
            known = self._script.currencies.apply(self.account, day, known)
            if day < today:
                self._days[day] = known
        return known

    def active_part(self, ad_id: str, day: date) -> tuple[int, int]:
        """(seconds of the day until now in which the ad was running, seconds of the whole day).

        Now is taken to the minute, so that the levels of one sync mostly see the same numbers.
        """
        begin, end = self._bounds(day)
        until = min(end, clock.now().replace(second=0, microsecond=0))
        lineage = self._lineage[ad_id]
        if until <= begin or any(each.held in _NEVER_DELIVERS for each in lineage):
            return 0, _seconds(begin, end)
        turns = [self._turns(each) for each in lineage]
        edges = sorted({begin, until, *(turn.at for each in turns for turn in each if begin < turn.at < until)})
        running = sum(
            _seconds(start, stop) for start, stop in pairwise(edges) if all(_running_at(each, start) for each in turns)
        )
        return running, _seconds(begin, end)

    def _bounds(self, day: date) -> tuple[datetime, datetime]:
        begin = datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), tzinfo=self.zone).astimezone(UTC)
        return begin, end

    def _turns(self, entity: Entity) -> list[_Turn]:
        """When the entity began and stopped running, by its own status and schedule."""
        switched = [_Turn(_BEGINNING, running=entity.status is Status.ACTIVE or entity.status_since is not None)]
        if entity.status_since is not None:
            switched.append(_Turn(entity.status_since, running=entity.status is Status.ACTIVE))
        switched += [
            _Turn(change.at, running=change.value == Status.ACTIVE)
            for change in self.changes.list_changes(entity.id)
            if change.name == "status"
        ]
        if entity.starts_at is None and entity.ends_at is None:
            return switched
        starts, ends = entity.starts_at or _BEGINNING, entity.ends_at or datetime.max.replace(tzinfo=UTC)
        moments = sorted({starts, ends, *(turn.at for turn in switched)})
        return [_Turn(at, running=starts <= at < ends and _running_at(switched, at)) for at in moments]

    def _trace(self, entity: Entity) -> tuple[Entity, ...]:
        lineage = [entity]
        while lineage[-1].parent_id is not None:
            lineage.append(self.entities[lineage[-1].parent_id])
        return tuple(lineage)


def _running_at(turns: Sequence[_Turn], instant: datetime) -> bool:
    """The state of the last turn that is not later; turns are in order of time."""
    return next((turn.running for turn in reversed(turns) if turn.at <= instant), False)


def _seconds(start: datetime, stop: datetime) -> int:
    return int((stop - start).total_seconds())
