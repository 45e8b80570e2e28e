"""From a connection to the provider that answers for it. The only place where a stored token is decrypted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from app.auth.token_cipher import EncryptedToken, token_context
from app.errors import PermissionDeniedError, RequestRefusedError, TokenRejectedError
from app.providers.contract import AccountRecord, TokenFacts
from app.providers.meta.calls.credentials import Credentials
from app.providers.meta.calls.token_debug import read_token_facts
from app.providers.meta.graph import GraphClient
from app.providers.meta.insights.report_policy import ReportPolicy
from app.providers.meta.page_provider import MetaPageProvider
from app.providers.meta.provider import MetaProvider
from app.providers.meta.walks.patience import WalkPatience
from app.providers.mock.plan import plan_account
from app.providers.mock.provider import MockProvider
from app.queries.structure.mock_ledger import TableLedger
from app.services.platform.call_budget import AFTER_CHANGE
from app.vocabulary import (
    AccountStanding,
    ConnectionHealth,
    ConnectionKind,
    ConnectionTrouble,
    Priority,
    ProviderKind,
    UseCase,
)

if TYPE_CHECKING:
    from pydantic import SecretStr

    from app.configuration.settings import Settings
    from app.providers.contract import AdProvider, CallBudget, PageProvider
    from app.queries.connections.connections import Connection
    from app.services.context import Services
    from app.services.jobs.lease import Lease

# By how much each try that waited in vain for a report shortens the next one's patience.
OVERDUE_DIVISOR = 4
_REFUSALS = {
    ConnectionTrouble.TOKEN: TokenRejectedError,
    ConnectionTrouble.PERMISSION: PermissionDeniedError,
}


def open_provider(services: Services, connection: Connection, lease: Lease | None = None) -> AdProvider:
    """The provider of an ad account, for a job or, without a lease, for somebody who waits.

    A job's urgency decides on its share of the call budget, which does not bind the poll that a change of somebody's
    needs: the change itself may have used it up. The job is told when the platform is waited for, and the
    provider's warnings are the job's. Raises before any call is made: RequestRefusedError for a connection that is
    inactive, TokenRejectedError or PermissionDeniedError for one that the platform has refused before and no one has
    changed since.
    """
    _require_usable(connection)
    if connection.provider is ProviderKind.MOCK:
        return _mock(services, connection)
    return _meta(services, connection, lease)


def open_page_provider(services: Services, connection: Connection, lease: Lease | None = None) -> PageProvider:
    """The provider of a page. Raises as `open_provider` does, and RequestRefusedError for a provider without pages."""
    _require_usable(connection)
    if connection.provider is not ProviderKind.META:
        raise RequestRefusedError(f"the provider of {connection.name!r} has no pages")
    settings = services.settings
    return MetaPageProvider(
        services.http,
        graph_url=settings.meta_graph_url,
        api_version=settings.meta_api_version,
        page_external_id=connection.external_id,
        access_token=read_token(services, connection),
        app_secret=settings.meta_app_secret,
        budget=_budget(services, connection, lease),
        page_sizes=services.page_sizes,
        patience=WalkPatience(retry_pause=settings.meta_retry_pause_seconds),
        warnings=lease.warnings if lease else None,
    )


def as_healthy(connection: Connection) -> Connection:
    """The connection as it is once the platform accepts it, to find out whether it does."""
    return replace(connection, health=ConnectionHealth.HEALTHY, health_reason=None, trouble=None)


async def ask_for_itself(services: Services, connection: Connection) -> None:
    """One call for the ad account or page itself; raises as the provider does."""
    if connection.kind is ConnectionKind.AD_ACCOUNT:
        await open_provider(services, connection).get_account()
    elif connection.provider is ProviderKind.META:
        await open_page_provider(services, connection).get_page()


def known_account(connection: Connection) -> AccountRecord:
    """The account as the platform described it last, or as it was connected."""
    return AccountRecord(
        external_id=connection.external_id,
        name=connection.name,
        time_zone=connection.time_zone,
        currency=connection.currency,
        standing=connection.standing,
    )


async def inspect_token(services: Services, connection: Connection) -> TokenFacts:
    """What the platform says of the connection's token, unhealthy or not. Raises ProviderError.

    The call is the app's and not the account's: it is in no account's budget.
    """
    if connection.provider is ProviderKind.MOCK:
        return TokenFacts(is_valid=True)
    settings = services.settings
    graph = _bare_graph(services, connection)
    return await read_token_facts(graph, app_id=settings.meta_app_id, app_secret=settings.meta_app_secret)


async def require_answer(services: Services, connection: Connection) -> None:
    """Ask the platform for the ad account or page by its id alone, with its own token. Raises ProviderError.

    The one call is in no budget: it is made once a day at most, and only where the platform doubts the token.
    """
    if connection.provider is ProviderKind.MOCK:
        return
    external_id = quote(connection.external_id.removeprefix("act_"), safe="")
    path = f"act_{external_id}" if connection.kind is ConnectionKind.AD_ACCOUNT else external_id
    await _bare_graph(services, connection).get(path, {"fields": "id"}, what="the account or page")


def _bare_graph(services: Services, connection: Connection) -> GraphClient:
    settings = services.settings
    return GraphClient(
        services.http,
        version_url=f"{settings.meta_graph_url}/{settings.meta_api_version}",
        credentials=Credentials(read_token(services, connection), settings.meta_app_secret),
        use_case=UseCase.ADS_MANAGEMENT,
    )


def read_token(services: Services, connection: Connection) -> SecretStr:
    """The connection's access token, decrypted at most once in minutes.

    Raises TokenRejectedError where there is none, SetupError where the keys at hand do not decrypt it.
    """
    key_id, ciphertext = connection.token_key_id, connection.token_ciphertext
    if key_id is None or ciphertext is None:
        raise TokenRejectedError(f"the connection {connection.name!r} has no access token; connect the account again")
    context = token_context(connection.seller_id, connection.id)

    def decrypt() -> SecretStr:
        return services.cipher.decrypt(EncryptedToken(key_id, ciphertext), context=context)

    return services.tokens.get_token(connection.id, ciphertext, decrypt)


def _require_usable(connection: Connection) -> None:
    """Raises what the platform's own refusal raised, so that work which comes too late fails of the same."""
    if connection.is_usable:
        return
    if connection.is_active and connection.trouble:
        raise _REFUSALS[connection.trouble](connection.health_reason or "the platform refuses the connection")
    reason = connection.health_reason or "it is not active"
    raise RequestRefusedError(f"no work is done for the connection {connection.name!r}: {reason}")


def _mock(services: Services, connection: Connection) -> AdProvider:
    joined_on = connection.created_at.astimezone(ZoneInfo(connection.time_zone)).date()
    return MockProvider(
        seller_id=str(connection.seller_id),
        account=replace(known_account(connection), standing=AccountStanding.ACTIVE),
        plan=plan_account(connection.external_id, joined_on=joined_on),
        ledger=TableLedger(services.database.app, seller_id=connection.seller_id, account_id=connection.id),
    )


def _meta(services: Services, connection: Connection, lease: Lease | None) -> AdProvider:
    settings = services.settings
    return MetaProvider(
        services.http,
        graph_url=settings.meta_graph_url,
        api_version=settings.meta_api_version,
        account_external_id=connection.external_id,
        access_token=read_token(services, connection),
        app_secret=settings.meta_app_secret,
        known=known_account(connection),
        budget=_budget(services, connection, lease),
        page_sizes=services.page_sizes,
        patience=WalkPatience(retry_pause=settings.meta_retry_pause_seconds),
        insight_page_reader=services.insight_page_reader,
        report_policy=_report_policy(settings, lease),
        warnings=lease.warnings if lease else None,
    )


def _report_policy(settings: Settings, lease: Lease | None) -> ReportPolicy:
    """A job that has waited in vain waits a quarter as long the next time, and only for what comes in no other way."""
    timeout = timedelta(seconds=settings.meta_report_timeout_seconds)
    if lease is None:
        return ReportPolicy(async_rows=settings.meta_async_rows, timeout=timeout)
    return ReportPolicy(
        async_rows=settings.meta_async_rows,
        timeout=timeout / OVERDUE_DIVISOR**lease.overdue_tries,
        avoids_reports=lease.overdue_tries > 0,
        waiting=lease.waiting_for_platform,
        note_overdue=lease.note_overdue,
    )


def _budget(services: Services, connection: Connection, lease: Lease | None) -> CallBudget:
    return services.budgets.get_budget(
        connection.provider,
        connection.external_id,
        calls_per_hour=services.settings.meta_calls_per_hour,
        urgency=lease.job.priority if lease else Priority.MANUAL,
        beyond_limit=lease is not None and AFTER_CHANGE in lease.job.unit,
        work=lease.calls if lease else None,
    )
