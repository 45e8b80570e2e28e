"""What of an account may be wrong because of the one thing in it that is spoilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.metrics.levels import Level
    from tests.spoilt.well_formed import Cell

# Any entity, any day.
ANY = None


@dataclass(slots=True)
class Harm:
    """Days are as they were spelt. `everything`: the platform refuses the account as such, or wants no calls."""

    cells: set[tuple[Level, str | None, str | None]] = field(
        default_factory=set["tuple[Level, str | None, str | None]"]
    )
    objects: set[tuple[Level, str | None]] = field(default_factory=set["tuple[Level, str | None]"])
    page: set[tuple[str | None, str | None]] = field(default_factory=set["tuple[str | None, str | None]"])
    everything: bool = False

    def is_on_cell(self, cell: Cell) -> bool:
        level, external_id, day = cell
        return self.everything or any(
            harmed == level and an_id in {ANY, external_id} and a_day in {ANY, day.isoformat()}
            for harmed, an_id, a_day in self.cells
        )

    def is_on_object(self, level: Level, external_id: str) -> bool:
        return self.everything or not self.objects.isdisjoint({(level, ANY), (level, external_id)})

    def is_on_page(self, object_id: str, metric: str) -> bool:
        return self.everything or any(an_id in {ANY, object_id} and name in {ANY, metric} for an_id, name in self.page)
