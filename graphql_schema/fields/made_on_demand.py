"""The items of a long list, each made when it is completed, so that all of them never exist at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MadeOnDemand"]

Source = TypeVar("Source")
Made = TypeVar("Made")


class MadeOnDemand(Collection[Made], Generic[Source, Made]):
    """What `make` makes of each source, made again each time the list is gone through."""

    def __init__(self, make: Callable[[Source], Made], sources: Collection[Source]) -> None:
        self._make = make
        self._sources = sources

    def __len__(self) -> int:
        return len(self._sources)

    def __iter__(self) -> Iterator[Made]:
        return map(self._make, self._sources)

    def __contains__(self, item: object) -> bool:
        return any(made == item for made in self)
