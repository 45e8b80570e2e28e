"""Connecting an ad account or a page: stored with its token encrypted, and its first work asked for at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app import clock
from app.auth.token_cipher import token_context
from app.database.transactions import tenant_transaction
from app.errors import ConflictError
from app.identifiers import new_id
from app.queries.connections.connections import NewConnection, insert_connection
from app.queries.sellers import get_currency
from app.services.jobs.new_jobs import AccountKey, structure_job
from app.services.jobs.queue import send_now
from app.services.jobs.run_requests import RunRequest, record_run
from app.services.work_requests.page_history import last_days, page_jobs
from app.vocabulary import ConnectionKind, Priority, RunOrigin

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import SecretStr

    from app.database.driver import Driver
    from app.queries.jobs.requests import NewJob
    from app.services.context import Services
    from app.vocabulary import ProviderKind

# The days of every page begin and end here, wherever its readers are (Meta's documentation of page insights).
PAGE_TIME_ZONE = "America/Los_Angeles"
_WORDS = {ConnectionKind.AD_ACCOUNT: "the account", ConnectionKind.PAGE: "the page"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountToConnect:
    """An ad account as somebody names it. Zone and currency are corrected by the first structure sync."""

    provider: ProviderKind
    external_id: str
    name: str
    time_zone: str
    currency: str
    access_token: SecretStr | None = None
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageToConnect:
    """A page as somebody names it, with a token of the page's own."""

    provider: ProviderKind
    external_id: str
    name: str
    access_token: SecretStr | None = None


async def connect_account(services: Services, *, seller_id: UUID, account: AccountToConnect) -> UUID:
    """Connect an account; its structure and then its history (BACKFILL_DAYS) are synced by themselves.

    Answers the connection's id. Raises ConflictError when the seller has connected it before.
    """
    new = _sealed(
        services,
        NewConnection(
            id=new_id(),
            seller_id=seller_id,
            kind=ConnectionKind.AD_ACCOUNT,
            provider=account.provider,
            external_id=account.external_id,
            name=account.name,
            time_zone=account.time_zone,
            currency=account.currency,
            is_primary=account.is_primary,
        ),
        account.access_token,
    )
    async with tenant_transaction(services.database.app, seller_id) as driver:
        jobs = [structure_job(AccountKey(seller_id, new.id, new.provider), priority=Priority.MANUAL)]
        job_ids = await _connect(driver, new, jobs)
    await send_now(services, job_ids)
    return new.id


async def connect_page(services: Services, *, seller_id: UUID, page: PageToConnect) -> UUID:
    """Connect a page; its history (BACKFILL_DAYS) and its posts are fetched by themselves.

    Answers the connection's id. Raises ConflictError when the seller has connected it before.
    """
    async with tenant_transaction(services.database.app, seller_id) as driver:
        new = _sealed(
            services,
            NewConnection(
                id=new_id(),
                seller_id=seller_id,
                kind=ConnectionKind.PAGE,
                provider=page.provider,
                external_id=page.external_id,
                name=page.name,
                time_zone=PAGE_TIME_ZONE,
                currency=await get_currency(driver, seller_id),
                is_primary=False,
            ),
            page.access_token,
        )
        history = last_days(new.time_zone, days=services.settings.backfill_days)
        job_ids = await _connect(driver, new, page_jobs(new, history, priority=Priority.FRESH))
    await send_now(services, job_ids)
    return new.id


async def _connect(driver: Driver, new: NewConnection, jobs: list[NewJob]) -> list[UUID]:
    """Store the connection and the run of its first jobs; answers the jobs."""
    if not await insert_connection(driver, new, now=clock.now()):
        raise ConflictError(f"{_WORDS[new.kind]} {new.external_id} is connected already")
    if not jobs:
        return []
    request = RunRequest(seller_id=new.seller_id, origin=RunOrigin.SYSTEM, reason=f"{new.name} was connected")
    run = await record_run(driver, request, jobs)
    return [job.job_id for job in run.jobs]


def _sealed(services: Services, new: NewConnection, access_token: SecretStr | None) -> NewConnection:
    """The connection with its token, encrypted for this seller and id."""
    if access_token is None:
        return new
    sealed = services.cipher.encrypt(access_token, context=token_context(new.seller_id, new.id))
    return replace(new, token_key_id=sealed.key_id, token_ciphertext=sealed.ciphertext)
