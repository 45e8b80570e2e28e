"""Asking the platform about stored access tokens, before work finds out that they are dead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.database.transactions import tenant_transaction
from app.errors import (
    JobCancelledError,
    LeaseLostError,
    NotFoundError,
    PermissionDeniedError,
    PixecomError,
    ProviderError,
    TokenRejectedError,
)
from app.observability.logging import get_logger
from app.observability.shortening import presentable
from app.queries.connections.connections import find_connection
from app.queries.connections.tokens import list_tokens_to_check, note_token_facts
from app.services.connections.token_inspection import inspect_as_app, is_held_back
from app.services.platform.connection_health import end_parked, mark_unhealthy
from app.services.platform.provider_access import require_answer
from app.vocabulary import ConnectionTrouble

if TYPE_CHECKING:
    from uuid import UUID

    from app.providers.contract import TokenFacts
    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from app.services.jobs.lease import Lease

log = get_logger(__name__)

CHECKED_EVERY = timedelta(days=1)


async def check_token(
    services: Services, *, seller_id: UUID, connection_id: UUID, lease: Lease | None = None
) -> TokenFacts:
    """What the platform says of the connection's token; kept with it. A dead token makes the connection unhealthy.

    That a token is dead is believed where a call for the account or page is refused too. A living one does not make it
    healthy by itself: `token_survey` does. A job gives its lease and writes nothing without it. Raises
    NotFoundError, the ProviderError of a platform that says nothing, LeaseLostError and JobCancelledError.
    """
    async with tenant_transaction(services.database.app, seller_id) as driver:
        connection = await find_connection(driver, seller_id=seller_id, connection_id=connection_id)
    if connection is None:
        raise NotFoundError("There is no such connection.")
    asked_at = clock.now()
    facts = await _confirmed(services, connection, await inspect_as_app(services, connection))
    async with tenant_transaction(services.database.app, seller_id) as driver:
        if lease is not None:
            await lease.fence(driver)
        await note_token_facts(
            driver,
            connection,
            checked_at=clock.now(),
            expires_at=facts.expires_at,
            never_expires=facts.never_expires,
            scopes=facts.scopes,
        )
        is_unhealthy = not facts.is_valid and (
            await mark_unhealthy(
                driver,
                seller_id=seller_id,
                connection_id=connection_id,
                trouble=ConnectionTrouble.TOKEN,
                reason=presentable(facts.error or "Meta says that the access token is not valid"),
                claimed_at=asked_at,
            )
        )
    if is_unhealthy:
        await end_parked(services, connection_id=connection_id)
    return facts


async def _confirmed(services: Services, connection: Connection, facts: TokenFacts) -> TokenFacts:
    """The facts, of which one call of the connection's own settles whether the token is dead.

    The check is another app's word where the token was made for one, and may be wrong in other ways. What a call that
    passes or is refused for itself leaves open is left to the work. Raises no ProviderError.
    """
    if facts.is_valid:
        return facts
    try:
        await require_answer(services, connection)
    except (TokenRejectedError, PermissionDeniedError):
        return facts
    except ProviderError as error:
        log.info("token reported dead, but not confirmed", connection_id=str(connection.id), reason=str(error))
    return replace(facts, is_valid=True, error=None)


async def check_tokens(
    services: Services, *, seller_id: UUID, only: UUID | None = None, lease: Lease | None = None
) -> int:
    """Check the tokens of the seller (or of one connection) that were not checked for a day; answers how many could be.

    What goes wrong with one stops no other; it is asked about again the next time. A job that is another's by now, or
    was cancelled, ends: LeaseLostError, JobCancelledError.
    """
    if await is_held_back(services):
        return 0
    since = clock.now() - CHECKED_EVERY
    async with tenant_transaction(services.database.app, seller_id) as driver:
        due = await list_tokens_to_check(driver, seller_id=seller_id, checked_before=since, only=only)
    checked = 0
    for connection_id in due:
        try:
            await check_token(services, seller_id=seller_id, connection_id=connection_id, lease=lease)
        except (LeaseLostError, JobCancelledError):
            raise
        except PixecomError as error:
            log.warning(
                "token could not be checked",
                seller_id=str(seller_id),
                connection_id=str(connection_id),
                reason=str(error),
            )
        else:
            checked += 1
    return checked
