"""From a connection to the provider that answers for it. The only place where a stored token is decrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.auth.token_cipher import EncryptedToken, token_context
from app.errors import RequestRefusedError, TokenRejectedError
from app.providers.contract import AccountRecord
from app.providers.meta.provider import MetaProvider
from app.providers.mock.plan import plan_account
from app.providers.mock.provider import MockProvider
from app.queries.mock_ledger import TableLedger
from app.vocabulary import ProviderKind

if TYPE_CHECKING:
    from pydantic import SecretStr

    from app.providers.contract import AdProvider
    from app.queries.connections import Connection
    from app.services.context import Services


def open_provider(services: Services, connection: Connection) -> AdProvider:
    """The provider of an ad account.

    Raises RequestRefusedError for a connection that is inactive or unhealthy, before any call is made.
    """
    if not connection.is_usable:
        reason = connection.health_reason or "it is not active"
        raise RequestRefusedError(f"no work is done for the connection {connection.name!r}: {reason}")
    if connection.provider is ProviderKind.MOCK:
        return _mock(services, connection)
    return _meta(services, connection)


def _mock(services: Services, connection: Connection) -> AdProvider:
    joined_on = connection.created_at.astimezone(ZoneInfo(connection.time_zone)).date()
    return MockProvider(
        seller_id=str(connection.seller_id),
        account=AccountRecord(
            external_id=connection.external_id,
            name=connection.name,
            time_zone=connection.time_zone,
            currency=connection.currency,
        ),
        plan=plan_account(connection.external_id, joined_on=joined_on),
        ledger=TableLedger(services.database.app, seller_id=connection.seller_id, account_id=connection.id),
    )


def _meta(services: Services, connection: Connection) -> AdProvider:
    return MetaProvider(
        services.http,
        graph_url=services.settings.meta_graph_url,
        api_version=services.settings.meta_api_version,
        account_external_id=connection.external_id,
        access_token=_token(services, connection),
        app_secret=services.settings.meta_app_secret,
        currency=connection.currency,
    )


def _token(services: Services, connection: Connection) -> SecretStr:
    if connection.token_key_id is None or connection.token_ciphertext is None:
        raise TokenRejectedError(f"the connection {connection.name!r} has no access token; connect the account again")
    encrypted = EncryptedToken(connection.token_key_id, connection.token_ciphertext)
    return services.cipher.decrypt(encrypted, context=token_context(connection.seller_id, connection.id))
