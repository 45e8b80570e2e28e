"""One line that moves at a terminal; elsewhere a plain line every few seconds and at the end. On standard error."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Self

from rich.console import Console

if TYPE_CHECKING:
    from types import TracebackType

    from rich.status import Status

    from app.queries.jobs.totals import WorkTotals


PLAIN_LINE_SECONDS = 5.0


class ProgressLine:
    """Shows how many jobs have ended."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = self._console.status(title) if self._console.is_terminal else None
        self._last = ""
        self._next_plain = monotonic() + PLAIN_LINE_SECONDS

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def show(self, totals: WorkTotals) -> None:
        """Replace the line."""
        text = f"{self._title}: {totals.succeeded + totals.failed} of {totals.total} jobs ended"
        text += f", {totals.failed} failed" if totals.failed else ""
        if not totals.total or text == self._last:
            return
        self._last = text
        with suppress(OSError):
            if self._status:
                self._status.update(text)
            elif totals.live == 0 or monotonic() >= self._next_plain:
                self._next_plain = monotonic() + PLAIN_LINE_SECONDS
                self._console.print(text)
