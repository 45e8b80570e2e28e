"""Lists what a downgrade will delete, and asks for confirmation."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import typer

from app.database.migration_losses import list_losses
from app.errors import SetupError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from app.database.migration_losses import Loss

_WIDTH = 24


def confirm_losses(owner_url: SecretStr, revision: str) -> None:
    """Return if the answer is yes. Raises SetupError if it is no, or if there is no terminal to ask on."""
    losses = asyncio.run(list_losses(owner_url, revision))
    print(f"Downgrading to {revision} {'permanently deletes:' if losses else 'deletes no data.'}")
    for loss in losses:
        print(f"  {loss.table:<{_WIDTH}} {_told(loss)}")
    if not sys.stdin.isatty():
        raise SetupError("Nothing was changed: there is no terminal to ask on. Pass --yes to downgrade anyway.")
    if not typer.confirm("Downgrade?", default=False):
        raise SetupError("Nothing was changed.")


def _told(loss: Loss) -> str:
    rows = f"{'about ' if loss.is_estimate else ''}{loss.rows:,} {'row' if loss.rows == 1 else 'rows'}"
    if loss.whole:
        return f"the table, {rows}"
    if loss.columns:
        return f"{', '.join(loss.columns)} ({rows})"
    return f"some of its {rows}"
