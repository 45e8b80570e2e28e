"""How many items one page of an edge is asked for: fewer after Meta called a page too heavy, more again in time.

Meta counts calls and not rows, so pages are as large as Meta serves them. Errors count too: who tried a larger page in
vain waits twice as long before the next try. What was learned of an account's edge is kept for the life of the process,
and of the most recent edges only.
"""

from __future__ import annotations

from collections import OrderedDict

LARGEST_PAGE = 500
LARGEST_INSIGHTS_PAGE = 1000  # nothing says what Meta serves at most; a page too heavy costs one call and is halved
SMALLEST_PAGE = 25
GROWS_AFTER = 5
GROWS_AFTER_AT_MOST = 640
REMEMBERED = 4096


class PageSize:
    """One edge's page size."""

    def __init__(self, largest: int = LARGEST_PAGE) -> None:
        self._largest = largest
        self._good_pages = 0
        self._grows_after = GROWS_AFTER
        self._is_on_trial = False
        self.value = largest

    def shrink(self, asked: int) -> bool:
        """After a page of `asked` items was too heavy: half of it. False when it would get smaller than is useful.

        Another walk over the same edge may have made it smaller meanwhile; then that is the size to try.
        """
        self._good_pages = 0
        if self.value < asked:
            return True
        if asked <= SMALLEST_PAGE:
            return False
        self._fall_to(max(asked // 2, SMALLEST_PAGE))
        return True

    def settle(self, size: int) -> None:
        """A page of `size` items came; where larger ones failed before it, that is the size from now on."""
        if size < self.value:
            self._good_pages = 0
            self._fall_to(size)
        self.note_good_page()

    def _fall_to(self, size: int) -> None:
        self.value = size
        if self._is_on_trial:
            self._is_on_trial = False
            self._grows_after = min(2 * self._grows_after, GROWS_AFTER_AT_MOST)

    def note_good_page(self) -> None:
        """Twice the size after GROWS_AFTER good pages in a row, or more of them while larger ones are too heavy."""
        self._good_pages += 1
        if self._is_on_trial and self._good_pages == GROWS_AFTER:
            self._is_on_trial = False
            self._grows_after = GROWS_AFTER
        if self.value < self._largest and self._good_pages >= self._grows_after:
            self._good_pages = 0
            self._is_on_trial = True
            self.value = min(2 * self.value, self._largest)


class PageSizes:
    """The sizes of a process, by account and edge; `remembered` of them."""

    def __init__(self, *, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._sizes: OrderedDict[tuple[str, str], PageSize] = OrderedDict()

    def get_size(self, account: str, edge: str, *, largest: int = LARGEST_PAGE) -> PageSize:
        """The edge's size; every walk over the edge shares it."""
        size = self._sizes.setdefault((account, edge), PageSize(largest))
        self._sizes.move_to_end((account, edge))
        if len(self._sizes) > self._remembered:
            self._sizes.popitem(last=False)
        return size
