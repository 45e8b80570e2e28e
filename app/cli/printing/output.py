"""What a person reads while `up` works: one line for each step with its time. Colours at a terminal only."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


_DETAIL_WIDTH = 52
_REST_WIDTH = 26
"""A step's line: mark, name and time."""


class StepDetail:
    """What a step found out, for its line."""

    def __init__(self) -> None:
        self.text = ""


class StepPrinter:
    """Prints to standard output; when that is gone (a closed terminal) the work goes on without words."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Generator[StepDetail]:
        """A line when it is done, with the time it took; none if it fails: the error says more."""
        started = time.monotonic()
        detail = StepDetail()
        yield detail
        self.line(f"[green]✓[/green] {name:<16}{detail.text:<{self._detail_width}}{time.monotonic() - started:5.1f} s")

    @property
    def _detail_width(self) -> int:
        """The times stand in a column, as long as the terminal has room for it."""
        return max(1, min(_DETAIL_WIDTH, self._console.width - _REST_WIDTH))

    def line(self, text: str = "") -> None:
        with suppress(OSError):
            self._console.print(text)

    def note(self, sentence: str) -> None:
        self.line(f"  {sentence}")

    def warn(self, sentence: str, details: Sequence[str] = ()) -> None:
        self.line(f"[yellow]![/yellow] {sentence}")
        with suppress(OSError):
            for detail in details:
                self._console.print(f"    {detail}", markup=False)

    def verbatim(self, text: str) -> None:
        """Text to copy: printed as it is."""
        with suppress(OSError):
            self._console.print(text, markup=False, soft_wrap=True)
