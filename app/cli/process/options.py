"""Options that several commands share, each with one meaning everywhere."""

from __future__ import annotations

import sys
from datetime import date  # typer reads the annotations while running
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

from app.cli.printing.pasting import paste_for


def work_at(data_dir: Path) -> Path:
    """The value of an option that names a data directory, which printed commands then name too."""
    paste_for(data_dir)
    return data_dir


def read_day(text: str | date) -> date:
    """The value of an option that names a day; typer says what is wrong otherwise."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-11-30.") from None


ServersDirectory = Annotated[
    Path,
    typer.Option(
        help="Without DATABASE_URL: work with the instance that runs on this data directory.",
        callback=work_at,
        metavar="DIRECTORY",
    ),
]
"""For commands that work with the environment's servers too."""

AsJson = Annotated[
    bool | None,
    typer.Option("--json/--text", help="Print JSON or text. [default: text at a terminal, JSON otherwise]"),
]


def wants_json(asked: bool | None) -> bool:  # as typer passes it
    """What the option says; without it, JSON unless standard output is a terminal."""
    return not sys.stdout.isatty() if asked is None else asked


def join_servers(data_dir: Path, *, decisive: Iterable[str] = ()) -> bool:
    """Use the servers of DATABASE_URL, or those of the running instance: True. Raises SetupError if there is none.

    An instance that runs on the database of DATABASE_URL is joined too. `decisive` are settings in which this process
    must not differ from it: otherwise SetupError.
    """
    from app.cli.joining.instance import join_instance, runs_on_database
    from app.cli.printing.environment import given

    url = given("DATABASE_URL")
    is_joined = url is None or runs_on_database(data_dir, url)
    if is_joined:
        join_instance(data_dir, decisive=decisive)
    return is_joined
