"""What `logins` prints: a table for people, a JSON array for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.command_services import open_command_services
from app.services.login_reading import list_logins
from app.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries.login_events import LoginEvent
    from app.services.login_reading import LoginQuestion

FILE_WIDTH = 240
"""Columns, where the output is no terminal, so that nothing is cut."""
_IPV4 = 15  # characters at most


async def show_logins(question: LoginQuestion, *, as_json: bool) -> None:
    """Print them; says so if there may be more."""
    async with open_command_services(load_settings()) as services:
        found = await list_logins(services, question)
    if as_json:
        print(json.dumps([_as_json(event) for event in found], indent=1))
    else:
        console = Console(highlight=False, soft_wrap=True)
        if not console.is_terminal:
            console.width = FILE_WIDTH
        print_logins(found, console, limit=question.limit)


def _as_json(event: LoginEvent) -> dict[str, object]:
    return {
        "at": event.created_at.isoformat(),
        "outcome": event.outcome,
        "address": event.address,
        "account": event.account_digest.hex(),
        "userId": str(event.user_id) if event.user_id else None,
        "seller": event.seller,
    }


def print_logins(found: Sequence[LoginEvent], console: Console, *, limit: int) -> None:
    """A line for each, or more with a long address; account and user are cut where the terminal is narrow."""
    table = Table(box=None)
    table.add_column("time (UTC)", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    is_short = all(len(event.address) <= _IPV4 for event in found)
    table.add_column("address", no_wrap=is_short, overflow="fold")
    table.add_column("account")
    table.add_column("user")
    table.add_column("seller", no_wrap=True)
    for event in found:
        user = str(event.user_id) if event.user_id else ""
        cells = (f"{event.created_at:%Y-%m-%d %H:%M:%S}", event.outcome, event.address)
        cells += (event.account_digest.hex(), user, event.seller or "")
        table.add_row(*(Text(cell) for cell in cells))
    if found:
        console.print(table)
    more = " (there may be more: raise --limit)" if len(found) == limit else ""
    console.print(f"{len(found)} login attempts{more}.")
