"""Options that several commands share, each with one meaning everywhere."""

from __future__ import annotations

import sys
from pathlib import Path  # typer reads the annotations while running
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

from app.cli.pasting import paste_for


def work_at(data_dir: Path) -> Path:
    """The value of an option that names a data directory, which printed commands then name too."""
    paste_for(data_dir)
    return data_dir


ServersDirectory = Annotated[
    Path,
    typer.Option(
        help="Without DATABASE_URL: work with the instance that runs on this data directory.", callback=work_at
    ),
]
"""For commands that work with the environment's servers too."""

AsJson = Annotated[
    bool | None,
    typer.Option("--json/--text", help="JSON for programs or text for people. [default: text at a terminal]"),
]


def wants_json(asked: bool | None) -> bool:  # as typer passes it
    """What the option says; without it, JSON unless standard output is a terminal."""
    return not sys.stdout.isatty() if asked is None else asked


def join_servers(data_dir: Path, *, decisive: Iterable[str] = ()) -> bool:
    """Use the servers of DATABASE_URL, or those of the running instance: True. Raises SetupError if there is none.

    An instance that runs on the database of DATABASE_URL is joined too. `decisive` are settings in which this process
    must not differ from it: otherwise SetupError.
    """
    from app.cli.environment import given
    from app.cli.instance import join_instance, runs_on_database

    url = given("DATABASE_URL")
    is_joined = url is None or runs_on_database(data_dir, url)
    if is_joined:
        join_instance(data_dir, decisive=decisive)
    return is_joined
