"""Says what a migration down will delete, and asks whether to go on."""

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
    """Return where the answer is yes. Raises SetupError where it is no, or where nobody can be asked."""
    print(f"Going down to {revision} deletes for good:")
    for loss in asyncio.run(list_losses(owner_url, revision)):
        print(f"  {loss.table:<{_WIDTH}} {_told(loss)}")
    if not sys.stdin.isatty():
        raise SetupError("Nothing was changed: this is no terminal to ask at. Pass --yes to go down all the same.")
    if not typer.confirm("Go down?", default=False):
        raise SetupError("Nothing was changed.")


def _told(loss: Loss) -> str:
    rows = f"{'about ' if loss.is_estimate else ''}{loss.rows:,} {'row' if loss.rows == 1 else 'rows'}"
    if loss.whole:
        return f"the table, {rows}"
    if loss.columns:
        return f"{', '.join(loss.columns)} ({rows})"
    return f"some of its {rows}"
