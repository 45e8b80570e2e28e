"""A new access token for a connection: stored encrypted, and work for the connection begins again at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.auth.token_cipher import token_context
from app.database.transactions import tenant_transaction
from app.errors import NotFoundError
from app.identifiers import new_id
from app.observability.correlation import current_correlation_id
from app.queries.connection_tokens import StoredToken, replace_token
from app.queries.connections import lock_connection
from app.queries.status_changes import AuditEntry, insert_audit_events
from app.services.job_broker import Priority
from app.services.job_kinds import AccountKey, structure_job
from app.services.job_queue import send_now
from app.services.run_requests import RunRequest, record_run
from app.vocabulary import ConnectionHealth, ConnectionKind, RunOrigin

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import SecretStr

    from app.database.driver import Driver
    from app.queries.connections import Connection
    from app.queries.jobs import EnqueuedJob
    from app.services.context import Services

RENEW_TOKEN = "renewToken"  # noqa: S105 - an action, not a token


async def renew_token(
    services: Services,
    seller_id: UUID,
    connection_id: UUID,
    access_token: SecretStr,
    *,
    actor_id: UUID | None = None,
) -> None:
    """Put another token in the place of the connection's, which is healthy until the platform refuses it.

    An ad account's structure is synced with it at once. Raises NotFoundError.
    """
    context = token_context(seller_id, connection_id)
    sealed = services.cipher.encrypt(access_token, context=context)
    token = StoredToken(connection_id=connection_id, key_id=sealed.key_id, ciphertext=sealed.ciphertext)
    async with tenant_transaction(services.database.app, seller_id) as driver:
        connection = await lock_connection(driver, seller_id=seller_id, connection_id=connection_id)
        if connection is None:
            raise NotFoundError("There is no such connection.")
        await replace_token(driver, token, seller_id=seller_id, now=clock.now())
        await _record_event(driver, connection, actor_id)
        jobs = await _ask_for_structure(driver, connection, actor_id)
    await send_now(services, [job.job_id for job in jobs])


async def _record_event(driver: Driver, connection: Connection, actor_id: UUID | None) -> None:
    """That it was done, and for what; never what the token is."""
    event = AuditEntry(
        subject_type="CONNECTION",
        subject_id=connection.id,
        action=RENEW_TOKEN,
        before={"health": connection.health},
        after={"health": ConnectionHealth.HEALTHY},
        platform_answer=None,
    )
    await insert_audit_events(
        driver,
        [event],
        seller_id=connection.seller_id,
        batch_id=new_id(),
        actor_id=actor_id,
        correlation_id=current_correlation_id(),
        now=clock.now(),
    )


async def _ask_for_structure(
    driver: Driver,
    connection: Connection,
    actor_id: UUID | None,
) -> tuple[EnqueuedJob, ...]:
    if connection.kind is not ConnectionKind.AD_ACCOUNT or not connection.is_active:
        return ()
    request = RunRequest(
        seller_id=connection.seller_id,
        origin=RunOrigin.SYSTEM,
        reason=f"{connection.name} has a new access token",
        requested_by=actor_id,
    )
    job = structure_job(AccountKey(connection.seller_id, connection.id), priority=Priority.MANUAL)
    return (await record_run(driver, request, [job])).jobs
