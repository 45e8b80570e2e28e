"""Whether the keys at hand decrypt the stored tokens. Ids of keys and numbers only: no key, no token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.printing.pasting import pasted
from app.errors import SetupError
from app.services.connections.token_reencryption import count_stored_tokens
from app.services.context import open_services

if TYPE_CHECKING:
    from app.configuration.settings import Settings


async def examine_token_keys(settings: Settings) -> str:
    """What was found. Raises SetupError for the wrong roles, and where tokens are stored under a key not at hand."""
    async with open_services(settings, process="cli") as services:
        await services.database.check_roles()  # another role would see no tokens
        at_hand = services.cipher.key_ids
        stored = await count_stored_tokens(services)
    missing = [f"{tokens} under {key_id!r}" for key_id, tokens in sorted(stored.items()) if key_id not in at_hand]
    if missing:
        raise SetupError(
            f"TOKEN_ENCRYPTION_KEYS lacks keys of stored tokens ({', '.join(missing)}), so their connections can't be "
            f"worked for: put the old key back behind the new one, then run `{pasted('tokens', 'reencrypt')}`."
        )
    tokens = sum(stored.values())
    return f"decrypt all {tokens} stored tokens" if tokens else "no token is stored yet"
