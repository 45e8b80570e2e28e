"""Options that several commands share, each with one meaning everywhere."""

from __future__ import annotations

import sys
from pathlib import Path  # typer reads the annotations while running
from typing import Annotated

import typer

from app.cli.pasting import paste_for


def work_at(data_dir: Path) -> Path:
    """The value of an option that names a data directory, which printed commands then name too."""
    paste_for(data_dir)
    return data_dir


InstanceDirectory = Annotated[Path, typer.Option(help="The data directory of the instance.", callback=work_at)]
"""For commands that work with a running instance only."""

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


def join_servers(data_dir: Path) -> None:
    """Use the servers of DATABASE_URL, or those of the running instance. Raises SetupError if there is none."""
    from app.cli.environment import given
    from app.cli.instance import join_instance

    if given("DATABASE_URL") is None:
        join_instance(data_dir)
