"""Positions in walks, and the parts of a walk next to them.

A walk that fits one page is not kept: a position in it names the row that stands there, and the walk is made anew when
somebody goes on from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.queries.lists.walks import ID_BYTES, read_ids

if TYPE_CHECKING:
    from app.queries.lists.walks import Walk

ROW_PREFIX = "id"  # no name of a kept walk begins so: those are hexadecimal


class WalkPosition(NamedTuple):
    """A place in a walk; what a cursor of a pinned order holds. Its name is a kept walk's, or that of the row there."""

    name: str
    place: int

    @property
    def row_id(self) -> UUID | None:
        """The row that stands there in a walk that is not kept; None for a kept one. Raises ValueError for nonsense."""
        return UUID(hex=self.name.removeprefix(ROW_PREFIX)) if self.name.startswith(ROW_PREFIX) else None


class WalkPart(NamedTuple):
    """Some ids of a walk, the place of the first, and how long the walk is. It has a name once it is kept."""

    ids: list[UUID]
    start: int
    length: int
    walk: Walk | None = None  # until it is kept
    name: str | None = None

    def positions(self, kept_as: str | None) -> list[WalkPosition]:
        """Where the ids stand; the walk may have been kept just now."""
        name = self.name or kept_as
        return [
            WalkPosition(name or f"{ROW_PREFIX}{key.hex}", self.start + place) for place, key in enumerate(self.ids)
        ]


def part_of(walk: Walk, position: WalkPosition | None, *, size: int, backwards: bool) -> WalkPart:
    """The part of a walk that is not kept next to a position; without one the first part, or the last backwards."""
    length = len(walk)
    before, after = (length, 0) if position is None else _beside(walk, position)
    start = max(0, before - size) if backwards else after
    stop = before if backwards else after + size
    return WalkPart(read_ids(walk.ids[start * ID_BYTES : stop * ID_BYTES]), start, length, walk)


def _beside(walk: Walk, position: WalkPosition) -> tuple[int, int]:
    """Where what precedes a position stops, and where what follows it starts."""
    ids, row_id = read_ids(walk.ids), position.row_id
    if row_id is not None and row_id in ids:
        place = ids.index(row_id)
        return place, place + 1
    gap = min(position.place, len(ids))  # the row is gone, and what followed it has moved up
    return gap, gap
