"""A new access token for a connection: stored encrypted, and work for the connection begins again at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.auth.token_cipher import token_context
from app.database.transactions import tenant_transaction
from app.errors import NotFoundError
from app.identifiers import new_id
from app.metrics.levels import Level
from app.metrics.ranges import DateRange
from app.observability.correlation import current_correlation_id
from app.queries.connections.connections import find_connection, lock_connection
from app.queries.connections.tokens import StoredToken, mark_token_accepted, replace_token
from app.queries.status_changes.status_changes import AuditEntry, insert_audit_events
from app.services.jobs.new_jobs import AccountKey, structure_job
from app.services.jobs.queue import send_now
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.work_requests.page_history import page_jobs
from app.services.work_requests.sync_requests import default_window, window_jobs
from app.vocabulary import ConnectionHealth, ConnectionKind, Priority, RunOrigin

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import SecretStr

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.services.jobs.run_requests import EnqueuedRun

RENEW_TOKEN = "renewToken"  # noqa: S105  # an action, not a token
HEAL_TOKEN = "healToken"  # noqa: S105  # likewise


async def renew_token(
    services: Services,
    seller_id: UUID,
    connection_id: UUID,
    access_token: SecretStr,
    *,
    actor_id: UUID | None = None,
) -> EnqueuedRun | None:
    """Put another token in the place of the connection's, which is healthy until the platform refuses it.

    What it has missed is fetched at once; None where it is not active. The platform is not asked about the token:
    `app.services.connections.token_rotation` does that. Raises NotFoundError.
    """
    context = token_context(seller_id, connection_id)
    sealed = services.cipher.encrypt(access_token, context=context)
    token = StoredToken(connection_id=connection_id, key_id=sealed.key_id, ciphertext=sealed.ciphertext)
    async with tenant_transaction(services.database.app, seller_id) as driver:
        connection = await find_connection(driver, seller_id=seller_id, connection_id=connection_id)
        if connection is None:
            raise NotFoundError("There is no such connection.")
        # Jobs are locked before connections, as those who do the jobs lock them.
        run = await _ask_for_work(services, driver, connection, actor_id)
        await lock_connection(driver, seller_id=seller_id, connection_id=connection_id)
        await replace_token(driver, token, seller_id=seller_id, now=clock.now())
        await _record_event(driver, connection, actor_id)
    await send_now(services, [job.job_id for job in run.jobs] if run else [])
    return run


async def heal_token_trouble(services: Services, connection: Connection) -> bool:
    """Make a connection healthy whose token is accepted after all; what it has missed is fetched at once.

    False where another token has taken its place, or its trouble is another by now: then it stays as it is.
    """
    seller_id = connection.seller_id
    async with tenant_transaction(services.database.app, seller_id) as driver:
        # Jobs are locked before connections.
        run = await _ask_for_work(services, driver, connection, None, why="has its access token accepted again")
        is_healed = await mark_token_accepted(driver, connection, now=clock.now())
        if is_healed:
            await _record_event(driver, connection, None, action=HEAL_TOKEN)
    await send_now(services, [job.job_id for job in run.jobs] if run else [])
    return is_healed


async def _record_event(
    driver: Driver, connection: Connection, actor_id: UUID | None, *, action: str = RENEW_TOKEN
) -> None:
    """That it was done, and for what; never what the token is."""
    event = AuditEntry(
        subject_type="CONNECTION",
        subject_id=connection.id,
        action=action,
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


async def _ask_for_work(
    services: Services,
    driver: Driver,
    connection: Connection,
    actor_id: UUID | None,
    *,
    why: str = "has a new access token",
) -> EnqueuedRun | None:
    jobs = _missed_work(services, connection) if connection.is_active else []
    if not jobs:
        return None
    request = RunRequest(
        seller_id=connection.seller_id,
        origin=RunOrigin.SYSTEM,
        reason=f"{connection.name} {why}",
        requested_by=actor_id,
    )
    return await record_run(driver, request, jobs)


def _missed_work(services: Services, connection: Connection) -> list[NewJob]:
    if connection.kind is ConnectionKind.PAGE:
        return page_jobs(connection, _missed_days(services, connection), priority=Priority.MANUAL)
    if connection.kind is not ConnectionKind.AD_ACCOUNT:
        return []
    account = AccountKey(connection.seller_id, connection.id, connection.provider)
    days = _missed_days(services, connection)
    stats = window_jobs(account, days, levels=tuple(Level), priority=Priority.MANUAL, older=Priority.BACKFILL)
    return [structure_job(account, priority=Priority.MANUAL), *stats]


def _missed_days(services: Services, connection: Connection) -> DateRange:
    """The days that still move, and those since the platform began to refuse us, as far back as a new account's."""
    window = default_window(services, connection.time_zone)
    if connection.health is ConnectionHealth.HEALTHY:
        return window
    refused_on = clock.day_of(connection.health_changed_at, connection.time_zone)
    earliest = window.to_date - timedelta(days=services.settings.backfill_days)
    return DateRange(min(window.from_date, max(refused_on, earliest)), window.to_date)
