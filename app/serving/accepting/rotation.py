"""Items that wait by client address, served in rotation of the addresses: one of each before a second of any.

So a newcomer waits behind as many as there are addresses, however many items each of them has.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Rotation"]

Item = TypeVar("Item")


class Rotation(Generic[Item]):
    """Items of each address, the oldest first. Iterates over all of them, in no particular order."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Item]] = {}  # the address that is next comes first
        self._number = 0

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[Item]:
        for items in self._waiting.values():
            yield from items

    def add(self, address: str, item: Item) -> None:
        self._waiting.setdefault(address, deque()).append(item)
        self._number += 1

    def next_address(self) -> str:
        """The address that is next. There must be an item."""
        return next(iter(self._waiting))

    def take(self) -> Item:
        """Take out the oldest item of the next address, which goes behind all others. There must be an item."""
        address = self.next_address()
        items = self._waiting.pop(address)
        item = items.popleft()
        if items:
            self._waiting[address] = items
        self._number -= 1
        return item

    def take_newest_of_the_most(self) -> Item:
        """Take out the newest item of the address with the most of them, in time that grows with the addresses."""
        most = max(self._waiting, key=lambda address: len(self._waiting[address]))
        item = self._waiting[most].pop()
        if not self._waiting[most]:
            del self._waiting[most]
        self._number -= 1
        return item

    def clear(self) -> None:
        self._waiting.clear()
        self._number = 0
