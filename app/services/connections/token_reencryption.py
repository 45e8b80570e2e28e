"""Rotation of the encryption key: tokens under older keys are encrypted anew under the first of the setting.

A key may leave the setting once nothing is left under it. Every seller is a transaction of its own, so it can be
broken off and begun again at any time; a token that was replaced meanwhile stays as it is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.auth.token_cipher import EncryptedToken, token_context
from app.database.transactions import across_tenants, tenant_transaction
from app.errors import SetupError
from app.observability.logging import get_logger
from app.queries.across_tenants import list_seller_page
from app.queries.connections.tokens import StoredToken, count_tokens_by_key, list_tokens_under_other_keys, reseal_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from app.services.context import Services

log = get_logger(__name__)

_SELLERS_PER_PAGE = 500
_BEFORE_ALL = UUID(int=0)


class Reencrypted(NamedTuple):
    """How many tokens are under the current key now that were not, and how many could not be decrypted."""

    done: int
    left: int

    def plus(self, other: Reencrypted) -> Reencrypted:
        return Reencrypted(self.done + other.done, self.left + other.left)


async def reencrypt_tokens(services: Services) -> Reencrypted:
    """Encrypt every token that is under an older key anew, those of inactive sellers and connections too."""
    total = Reencrypted(0, 0)
    async for seller_id in _all_sellers(services):
        total = total.plus(await _reencrypt_seller(services, seller_id))
    return total


async def count_stored_tokens(services: Services) -> Mapping[str, int]:
    """How many tokens are stored under each key's id, at hand or not, those of inactive sellers and connections too."""
    total = Counter[str]()
    async for seller_id in _all_sellers(services):
        async with tenant_transaction(services.database.app, seller_id) as driver:
            total.update(await count_tokens_by_key(driver, seller_id=seller_id))
    return total


async def _all_sellers(services: Services) -> AsyncIterator[UUID]:
    after = _BEFORE_ALL
    while True:
        async with across_tenants(services.database.system) as driver:
            sellers = await list_seller_page(driver, after=after, limit=_SELLERS_PER_PAGE)
        if not sellers:
            return
        for seller in sellers:
            yield seller.seller_id
        after = sellers[-1].seller_id


async def _reencrypt_seller(services: Services, seller_id: UUID) -> Reencrypted:
    done = left = 0
    current = services.cipher.current_key_id
    async with tenant_transaction(services.database.app, seller_id) as driver:
        for old in await list_tokens_under_other_keys(driver, seller_id=seller_id, key_id=current):
            new = _reencrypted(services, seller_id, old)
            if new is None:
                left += 1
            elif await reseal_token(driver, old, new, seller_id=seller_id):
                done += 1
    return Reencrypted(done, left)


def _reencrypted(services: Services, seller_id: UUID, old: StoredToken) -> StoredToken | None:
    """None where the keys at hand do not decrypt it."""
    context = token_context(seller_id, old.connection_id)
    try:
        token = services.cipher.decrypt(EncryptedToken(old.key_id, old.ciphertext), context=context)
    except SetupError as error:
        log.error(  # noqa: TRY400  # the reason is all there is to tell
            "token can't be re-encrypted",
            seller_id=str(seller_id),
            connection_id=str(old.connection_id),
            reason=str(error),
        )
        return None
    sealed = services.cipher.encrypt(token, context=context)
    return StoredToken(connection_id=old.connection_id, key_id=sealed.key_id, ciphertext=sealed.ciphertext)
