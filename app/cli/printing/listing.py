"""Tables for people: words wrap within their columns, but ids and other text to copy are never broken or cut.

If the terminal is too narrow for a table, its text to copy moves below its row, on a line of its own that only the
terminal wraps: when selected, it is still one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE_WIDTH = 240
"""Columns if the output is no terminal."""
_GAP = 2
_NARROWEST = 6
_INDENT = " " * 4


class Column(NamedTuple):
    """`is_whole`: its text is never broken."""

    name: str
    is_whole: bool = False


class Row(NamedTuple):
    """One cell for each column."""

    cells: Sequence[str]
    style: str = ""


def open_console() -> Console:
    """Standard output. Lines of text are as long as they are; only the terminal wraps them."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    return console


def print_line(console: Console, text: str, *, style: str = "") -> None:
    """Text as one unbroken line; it is no markup."""
    console.print(Text(text, style=style), soft_wrap=True)


def print_listing(console: Console, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """A header and the rows."""
    below = [] if _fits(console, columns, rows) else [i for i, column in enumerate(columns) if column.is_whole]
    beside = [i for i in range(len(columns)) if i not in below]
    header = Row([column.name for column in columns], style="dim")
    widths = _shrunk(_widths([header, *rows], beside), console.width)
    for row in (header, *rows):
        console.print(_grid(row, beside, widths), soft_wrap=False)
        if row is not header:
            for i in below:
                for line in row.cells[i].splitlines():
                    print_line(console, f"{_INDENT}{columns[i].name}: {line}", style=row.style)


def _fits(console: Console, columns: Sequence[Column], rows: Sequence[Row]) -> bool:
    header = Row([column.name for column in columns])
    return _total(_widths([header, *rows], range(len(columns)))) <= console.width


def _widths(rows: Sequence[Row], indexes: Sequence[int]) -> list[int]:
    return [max(cell_len(line) for row in rows for line in (row.cells[i].splitlines() or [""])) for i in indexes]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _shrunk(widths: list[int], room: int) -> list[int]:
    """The widest columns lose most, and none becomes narrower than a short word."""
    widths = list(widths)
    while _total(widths) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _grid(row: Row, indexes: Sequence[int], widths: Sequence[int]) -> Table:
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    for width in widths:
        grid.add_column(width=width, overflow="fold")
    grid.add_row(*(Text(row.cells[i], style=row.style) for i in indexes))
    return grid
