"""What `logins` prints: a table for people, a JSON array for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from app.cli.printing.counting import counted
from app.cli.printing.listing import Column, Row, open_console, print_listing
from app.cli.process.command_services import open_command_services
from app.cli.process.identifiers import api_id
from app.configuration.settings import load_settings
from app.services.logins.reading import list_logins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from app.queries.logins.trail import LoginEvent
    from app.services.logins.reading import LoginQuestion

_COLUMNS = (
    Column("time (UTC)"),
    Column("outcome"),
    Column("address"),
    Column("seller"),
    Column("account", is_whole=True),
    Column("user", is_whole=True),
)


async def show_logins(question: LoginQuestion, *, as_json: bool) -> None:
    """Print them; says so if there may be more."""
    async with open_command_services(load_settings()) as services:
        found = await list_logins(services, question)
    if as_json:
        print(json.dumps([_as_json(event) for event in found], indent=1))
    else:
        print_logins(found, open_console(), limit=question.limit)


def _as_json(event: LoginEvent) -> dict[str, object]:
    return {
        "at": event.created_at.isoformat(),
        "outcome": event.outcome,
        "address": event.address,
        "account": event.account_digest.hex(),
        "user": str(event.user_id) if event.user_id else None,
        "userId": api_id("User", event.user_id) if event.user_id else None,
        "seller": event.seller,
    }


def print_logins(found: Sequence[LoginEvent], console: Console, *, limit: int) -> None:
    """A line for each, or more where the terminal is narrow."""
    if found:
        print_listing(console, _COLUMNS, [_row(event) for event in found])
    more = " (there may be more: raise --limit)" if len(found) == limit else ""
    console.print(f"{counted(len(found), 'login attempt')}{more}.")


def _row(event: LoginEvent) -> Row:
    at = f"{event.created_at:%Y-%m-%d %H:%M:%S}"
    user = api_id("User", event.user_id) if event.user_id else ""
    return Row((at, event.outcome, event.address, event.seller or "", event.account_digest.hex(), user))
