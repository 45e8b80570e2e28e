"""A seller's own renewal of an access token: the platform is asked about it first, so that no wrong token gets in.

Two questions, before anything is stored: is the token alive (`debug_token`), and may it read the very ad account or
page. The second decides: a token that reads it is alive, whatever is said of it. What the platform refuses is not
stored, and the token that is there stays. A platform that says nothing of the token leaves everything as it is too;
only where it throttles the second question, the first is enough: a quota that is used up must not keep a dead token in
its place.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from app.auth.token_cipher import token_context
from app.database.transactions import tenant_transaction
from app.errors import (
    AppRefusedError,
    NotFoundError,
    ProviderPermanentError,
    ProviderThrottledError,
    TokenRejectedError,
)
from app.observability.logging import MASK, get_logger
from app.observability.shortening import presentable
from app.queries.connections.connections import find_connection
from app.services.connections.token_renewal import renew_token
from app.services.platform.provider_access import ask_for_itself, inspect_token
from app.vocabulary import ConnectionHealth, ConnectionKind

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import SecretStr

    from app.providers.contract import TokenFacts
    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from app.services.jobs.run_requests import EnqueuedRun

log = get_logger(__name__)


async def rotate_token(
    services: Services,
    *,
    seller_id: UUID,
    connection_id: UUID,
    kind: ConnectionKind,
    access_token: SecretStr,
    actor_id: UUID,
) -> EnqueuedRun | None:
    """Store another token for a connection of this kind, if the platform takes it; answers what is fetched with it.

    Raises NotFoundError, TokenRejectedError for a token that the platform refuses (the sentence never has the token),
    and another ProviderError where it says nothing of it.
    """
    async with tenant_transaction(services.database.app, seller_id) as driver:
        connection = await find_connection(driver, seller_id=seller_id, connection_id=connection_id)
    if connection is None or connection.kind is not kind:
        raise NotFoundError("There is no such connection.")
    try:
        await _try_out(services, _with_token(services, connection, access_token))
    except ProviderPermanentError as error:
        reason = presentable(str(error).replace(access_token.get_secret_value(), MASK))
        log.info("new token refused", connection_id=str(connection_id), reason=reason)
        raise TokenRejectedError(f"The access token was not stored: {reason}") from None
    return await renew_token(services, seller_id, connection_id, access_token, actor_id=actor_id)


def _with_token(services: Services, connection: Connection, access_token: SecretStr) -> Connection:
    """The connection as it would be with this token."""
    sealed = services.cipher.encrypt(access_token, context=token_context(connection.seller_id, connection.id))
    return replace(
        connection,
        is_active=True,
        health=ConnectionHealth.HEALTHY,
        token_key_id=sealed.key_id,
        token_ciphertext=sealed.ciphertext,
    )


async def _try_out(services: Services, connection: Connection) -> None:
    """Raises ProviderPermanentError where the platform refuses the token, for itself or for this thing."""
    facts: TokenFacts | None = None
    with suppress(AppRefusedError):  # of the app alone, which is no fault of this token
        facts = await inspect_token(services, connection)
    try:
        await ask_for_itself(services, connection)
    except ProviderThrottledError as error:
        if facts is not None and not facts.is_valid:
            raise TokenRejectedError(facts.error or "Meta says that the access token is not valid") from None
        log.info("new token stored without a check", connection_id=str(connection.id), reason=str(error))
