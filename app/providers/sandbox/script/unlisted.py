"""Entities that no edge lists, though insights report them and their nodes can be read: deleted ones, with Meta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisting:
    """Ids that are listed no more; what stands under them isn't either."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    ids: frozenset[str]


class Unlisted:
    """All that is unlisted."""

    def __init__(self) -> None:
        self.ids: frozenset[str] = frozenset()

    def arm(self, unlistings: Iterable[Unlisting]) -> None:
        self.ids = self.ids.union(*(each.ids for each in unlistings))

    def clear(self) -> None:
        self.ids = frozenset()
