"""Commands that are printed for people to paste into a shell: quoted, and for the same data directory as this process.

The program is named as it was called: the script `./pixecom` says how in PIXECOM_COMMAND.
"""

from __future__ import annotations

import shlex
from contextvars import ContextVar
from typing import TYPE_CHECKING

from app.cli.printing.environment import given
from app.cli.printing.places import DEFAULT_DATA

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "PIXECOM_COMMAND"
_directory: ContextVar[Path] = ContextVar("data directory", default=DEFAULT_DATA)


def paste_for(data_dir: Path) -> None:
    """From now on printed commands name this data directory, unless it is the default."""
    _directory.set(data_dir.absolute())


def pasted(*words: str) -> str:
    """The command `pixecom` with these words; `--data-dir` is added, so the command must take it."""
    directory = _directory.get()
    elsewhere = directory.resolve() != DEFAULT_DATA
    return pasted_anywhere(*words, *(["--data-dir", str(directory)] if elsewhere else []))


def pasted_anywhere(*words: str) -> str:
    """The same for a command that works with the environment's servers and takes no `--data-dir`."""
    return shlex.join([given(_NAME) or "pixecom", *words])
