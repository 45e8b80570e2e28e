"""What a tick means for a seller: runs with their jobs, planned outside of a transaction and recorded in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from app.queries.jobs.requests import NewJob
    from app.queries.schedule.seller_connections import SellerConnections
    from app.services.context import Services
    from app.services.jobs.run_requests import RunRequest
    from app.vocabulary import RunOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A slot of an entry of the schedule: its place in the count, and over how long accounts are spread after it."""

    name: str
    slot: datetime
    number: int
    spread: timedelta
    origin: RunOrigin

    def as_unit(self) -> Mapping[str, object]:
        """What its job has to know; the rest stands in the schedule."""
        return {"name": self.name, "slot": self.slot.isoformat(), "origin": self.origin.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A run to be recorded. `round_of`: only if this slot (its name, and itself) can be taken with it."""

    request: RunRequest
    jobs: Sequence[NewJob]
    round_of: tuple[str, datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerPlan:
    """What one transaction records for one seller."""

    seller_id: UUID
    runs: Sequence[PlannedRun]


class Planner(Protocol):
    """Makes plans for those of a page of sellers for whom there is something to do, in their order."""

    async def __call__(
        self, services: Services, tick: Tick, page: Sequence[SellerConnections], /
    ) -> Sequence[SellerPlan]: ...
