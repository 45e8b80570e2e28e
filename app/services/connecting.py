"""Connecting an ad account: stored with its token encrypted, and its first structure sync asked for at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import clock
from app.auth.token_cipher import token_context
from app.database.transactions import tenant_transaction
from app.errors import ConflictError
from app.identifiers import new_id
from app.queries.connections import NewConnection, insert_connection
from app.services.job_broker import Priority
from app.services.job_kinds import AccountKey, structure_job
from app.services.job_queue import send_now
from app.services.run_requests import RunRequest, record_run
from app.vocabulary import ConnectionKind, RunOrigin

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import SecretStr

    from app.services.context import Services
    from app.vocabulary import ProviderKind


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


async def connect_account(services: Services, *, seller_id: UUID, account: AccountToConnect) -> UUID:
    """Connect an account; its structure and then its history (BACKFILL_DAYS) are synced by themselves.

    Answers the connection's id. Raises ConflictError when the seller has connected it before.
    """
    new = _encrypted(services, seller_id, account)
    async with tenant_transaction(services.database.app, seller_id) as driver:
        if not await insert_connection(driver, new, now=clock.now()):
            raise ConflictError(f"the account {account.external_id} is connected already")
        request = RunRequest(
            seller_id=seller_id,
            origin=RunOrigin.SYSTEM,
            reason=f"{account.name} was connected",
        )
        job = structure_job(AccountKey(seller_id, new.id), priority=Priority.MANUAL)
        run = await record_run(driver, request, [job])
    await send_now(services, [job.job_id for job in run.jobs])
    return new.id


def _encrypted(services: Services, seller_id: UUID, account: AccountToConnect) -> NewConnection:
    connection_id = new_id()
    sealed = None
    if account.access_token is not None:
        context = token_context(seller_id, connection_id)
        sealed = services.cipher.encrypt(account.access_token, context=context)
    return NewConnection(
        id=connection_id,
        seller_id=seller_id,
        kind=ConnectionKind.AD_ACCOUNT,
        provider=account.provider,
        external_id=account.external_id,
        name=account.name,
        time_zone=account.time_zone,
        currency=account.currency,
        is_primary=account.is_primary,
        token_key_id=sealed.key_id if sealed else None,
        token_ciphertext=sealed.ciphertext if sealed else None,
    )
