"""What `tokens check` and `tokens reencrypt` do: ask the one service each, and show what it found. Never a token."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from rich.console import Console

from app.cli.printing.counting import counted
from app.cli.printing.listing import Column, Row, open_console, print_listing
from app.cli.process.command_services import open_command_services
from app.cli.process.identifiers import connection_name
from app.configuration.settings import load_settings
from app.observability.logging import configure_logging
from app.services.connections.token_reencryption import reencrypt_tokens
from app.services.connections.token_survey import ANSWER_SECONDS, platform_asked, survey_tokens
from app.vocabulary import ConnectionHealth

if TYPE_CHECKING:
    from app.configuration.settings import Settings
    from app.queries.across_tenants import SellerRef
    from app.queries.connections.connections import Connection
    from app.services.connections.token_survey import SurveyedToken

TOLD_AFTER_SECONDS = 5.0
_COLUMNS = (
    *(Column(name) for name in ("seller", "kind", "name", "token", "expires", "health before")),
    *(Column(name, is_whole=True) for name in ("id", "trouble")),
)


class SlowWait:
    """Prints what is waited for once that has taken TOLD_AFTER_SECONDS."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._telling: asyncio.TimerHandle | None = None

    def begin(self, sentence: str) -> None:
        """Something else is waited for from now on."""
        self.end()
        self._telling = asyncio.get_running_loop().call_later(TOLD_AFTER_SECONDS, self._console.print, sentence)

    def end(self) -> None:
        """Nothing is waited for any more."""
        if self._telling is not None:
            self._telling.cancel()


async def check_now(*, seller_slug: str | None, as_json: bool) -> bool:
    """True when every token is alive, and every connection was healthy or is so again."""
    found: list[SurveyedToken] = []
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    async with open_command_services(_settings()) as services:
        with console.status("Check") as status:  # shown at a terminal only
            wait = SlowWait(console)

            def before(seller: SellerRef, connection: Connection) -> None:
                wait.begin(
                    f"Waiting for {platform_asked(services)} to answer for {seller.slug}'s {connection.name}; "
                    f"at most {ANSWER_SECONDS} s."
                )

            try:
                async for token in survey_tokens(services, seller_slug=seller_slug, before=before):
                    found.append(token)
                    status.update(f"Check: {len(found)} tokens")
            finally:
                wait.end()
    if as_json:
        print(json.dumps([_as_json(token) for token in found], indent=1))
    else:
        _print(found)
    return all(_is_well(token) for token in found)


async def reencrypt_now(*, as_json: bool) -> bool:
    """True when no token is under an older key any more."""
    async with open_command_services(_settings()) as services:
        total = await reencrypt_tokens(services)
        key_id = services.cipher.current_key_id
    if as_json:
        print(json.dumps({"key": key_id, **total._asdict()}))
    else:
        print(f"{counted(total.done, 'token')} re-encrypted with the key {key_id!r}; {total.left} left.")
        if total.left:
            print("The others need keys that TOKEN_ENCRYPTION_KEYS lacks: add those keys, or replace the tokens.")
    return total.left == 0


def _settings() -> Settings:
    """Log lines go to standard error, where secrets are cut out of them."""
    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, process="cli")
    return settings


def _is_well(token: SurveyedToken) -> bool:
    return token.is_valid is True and (token.is_healed or token.connection.health is ConnectionHealth.HEALTHY)


def _state(token: SurveyedToken) -> str:
    return {True: "ALIVE", False: "DEAD", None: "UNKNOWN"}[token.is_valid]


def _as_json(token: SurveyedToken) -> dict[str, object]:
    return {
        "seller": token.seller,
        "connection": str(token.connection.id),
        "connectionId": connection_name(token.connection.kind, token.connection.id),
        "kind": token.connection.kind.value,
        "name": token.connection.name,
        "externalId": token.connection.external_id,
        "healthBefore": token.connection.health.value,
        "healed": token.is_healed,
        "token": _state(token),
        "expiresAt": token.expires_at.isoformat() if token.expires_at else None,
        "scopes": None if token.scopes is None else list(token.scopes),
        "trouble": token.trouble,
    }


def _print(found: list[SurveyedToken]) -> None:
    console = open_console()
    if found:
        print_listing(console, _COLUMNS, [_row(token) for token in found])
    console.print(_summary(found))


def _summary(found: list[SurveyedToken]) -> str:
    if not found:
        return "There are no tokens."
    unknown = sum(token.is_valid is None for token in found)
    bad = sum(not _is_well(token) for token in found) - unknown
    parts = [
        f"{bad} need{'s' if bad == 1 else ''} attention" if bad else "",
        f"{unknown} could not be checked" if unknown else "",
    ]
    outcome = ", ".join(filter(None, parts)) or "all are well"
    return f"{len(found)} token{'' if len(found) == 1 else 's'}: {outcome}."


def _row(token: SurveyedToken) -> Row:
    """The id, which `rotateToken` takes, only where there is trouble."""
    connection = token.connection
    ends = token.expires_at.strftime("%Y-%m-%d %H:%M UTC") if token.expires_at else ""
    name = None if _is_well(token) else connection_name(connection.kind, connection.id)
    reason = token.trouble or ("healthy again" if token.is_healed else connection.health_reason) or ""
    words = (token.seller, connection.kind, connection.name, _state(token), ends, connection.health, name or "", reason)
    return Row(words)
