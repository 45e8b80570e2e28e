"""Things by client address, so that the address with the most of them can be the one that loses one.

Adding, discarding and finding that address take the same time however many addresses there are: a crowd may come from
thousands.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["ByAddress"]

Item = TypeVar("Item", bound="Hashable")


class ByAddress(Generic[Item]):
    """Items of each address, the oldest first."""

    def __init__(self) -> None:
        self._items: dict[str, dict[Item, None]] = {}
        self._addresses: defaultdict[int, dict[str, None]] = defaultdict(dict)  # by how many items they have
        self._most = self._number = 0

    def __len__(self) -> int:
        return self._number

    def add(self, address: str, item: Item) -> None:
        """Add an item that is not there yet."""
        items = self._items.setdefault(address, {})
        items[item] = None
        self._number += 1
        self._move(address, before=len(items) - 1, now=len(items))

    def discard(self, address: str, item: Item) -> None:
        """Take an item out; does nothing if it is not there."""
        items = self._items.get(address, {})
        if item not in items:
            return
        del items[item]
        self._number -= 1
        self._move(address, before=len(items) + 1, now=len(items))
        if not items:
            del self._items[address]

    def oldest_of_the_most(self) -> Item:
        """The oldest item of the address with the most; among equals, of the one that has had as many for longest."""
        return next(iter(self._items[next(iter(self._addresses[self._most]))]))

    def newest_of_the_most(self) -> Item:
        """The newest item of the address with the most; among equals, of the last to have as many."""
        return next(reversed(self._items[next(reversed(self._addresses[self._most]))]))

    def _move(self, address: str, *, before: int, now: int) -> None:
        if before:
            del self._addresses[before][address]
            if not self._addresses[before]:
                del self._addresses[before]
        if now:
            self._addresses[now][address] = None
        if now > self._most or self._most not in self._addresses:
            self._most = now
