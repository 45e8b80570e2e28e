"""Asking the platform about every stored token at once, for the operator; what is found is kept as a check keeps it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.database.transactions import across_tenants, tenant_transaction
from app.errors import PixecomError
from app.observability.logging import get_logger
from app.observability.shortening import presentable
from app.providers.proxies import proxy_of
from app.queries.across_tenants import list_sellers
from app.queries.connections.connections import list_connections_with_tokens
from app.services.connections.token_check import check_token
from app.services.connections.token_renewal import heal_token_trouble
from app.services.named_seller import get_seller
from app.services.platform.provider_access import as_healthy, ask_for_itself
from app.vocabulary import ConnectionTrouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from app.queries.across_tenants import SellerRef
    from app.queries.connections.connections import Connection
    from app.services.context import Services

log = get_logger(__name__)


# A platform, or a proxy before it, that has not answered by then is not waited for: someone is watching.
ANSWER_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedToken:
    """One connection's token. `is_valid` None: the platform could not be asked, `trouble` says why.

    `expires_at` None: never, or unknown. `connection` is as it was before, `is_healed` if this made it healthy.
    """

    seller: str
    connection: Connection
    is_valid: bool | None
    expires_at: datetime | None
    scopes: Sequence[str] | None
    trouble: str | None
    is_healed: bool = False


async def survey_tokens(
    services: Services, *, seller_slug: str | None = None, before: Callable[[SellerRef, Connection], None]
) -> AsyncIterator[SurveyedToken]:
    """The tokens of all active connections, of one seller or of all active ones. Raises NotFoundError for no seller.

    `before` is called before the platform is asked about each; its answer takes at most ANSWER_SECONDS.
    """
    for seller in await _sellers(services, seller_slug):
        async with tenant_transaction(services.database.app, seller.seller_id) as driver:
            connections = await list_connections_with_tokens(driver, seller_id=seller.seller_id)
        for connection in connections:
            before(seller, connection)
            yield await _survey(services, seller, connection)


async def _sellers(services: Services, slug: str | None) -> Sequence[SellerRef]:
    async with across_tenants(services.database.system) as driver:
        if slug is None:
            return await list_sellers(driver)
        return [await get_seller(driver, slug=slug)]


async def _survey(services: Services, seller: SellerRef, connection: Connection) -> SurveyedToken:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            facts = await check_token(services, seller_id=seller.seller_id, connection_id=connection.id)
    except TimeoutError:
        return _unknown(seller, connection, f"{platform_asked(services)} did not answer within {ANSWER_SECONDS} s")
    except PixecomError as error:
        return _unknown(seller, connection, presentable(str(error)))
    return SurveyedToken(
        seller=seller.slug,
        connection=connection,
        is_valid=facts.is_valid,
        expires_at=facts.expires_at,
        scopes=facts.scopes,
        trouble=None if facts.error is None else presentable(facts.error),
        is_healed=facts.is_valid and await _heal(services, connection),
    )


async def _heal(services: Services, connection: Connection) -> bool:
    """Whether trouble with a living token is over: as with a new one, the ad account or page itself has to answer."""
    if connection.trouble is not ConnectionTrouble.TOKEN:
        return False
    try:
        await ask_for_itself(services, as_healthy(connection))
    except PixecomError as error:
        log.info("valid token still refused", connection_id=str(connection.id), reason=presentable(str(error)))
        return False
    return await heal_token_trouble(services, connection)


def _unknown(seller: SellerRef, connection: Connection, trouble: str) -> SurveyedToken:
    return SurveyedToken(
        seller=seller.slug,
        connection=connection,
        is_valid=None,
        expires_at=None,
        scopes=None,
        trouble=trouble,
    )


def platform_asked(services: Services) -> str:
    """Who is waited for: the platform, and the proxy on the way to it if there is one."""
    proxy = proxy_of(services.settings.meta_graph_url)
    return f"Meta, through the proxy {proxy}," if proxy else "Meta"
