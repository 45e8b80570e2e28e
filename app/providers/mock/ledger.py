"""The mock platform's memory: the statuses that were set on it. Nothing else about it ever changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.metrics.levels import Level
    from app.providers.contract import EntityStatus


class MockLedger(Protocol):
    """One account's memory; keys are level and external id."""

    async def load_statuses(self) -> Mapping[tuple[Level, str], EntityStatus]:
        """Every status that was ever set, the newest per entity."""
        ...

    async def save_statuses(self, level: Level, statuses: Mapping[str, EntityStatus]) -> None:
        """Remember these, all or none of them."""
        ...


class InMemoryLedger:
    """A memory that ends with the process."""

    def __init__(self) -> None:
        self._statuses: dict[tuple[Level, str], EntityStatus] = {}

    async def load_statuses(self) -> Mapping[tuple[Level, str], EntityStatus]:
        return dict(self._statuses)

    async def save_statuses(self, level: Level, statuses: Mapping[str, EntityStatus]) -> None:
        self._statuses.update({(level, external_id): status for external_id, status in statuses.items()})
