"""Replaces an e-mail address where it must not appear: in Redis keys, in the login trail, in logs.

The digest is keyed with AUTH_SECRET, so that it can't be reversed with a list of addresses. Another secret gives other
digests.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["account_digest"]

DIGEST_BYTES = 16


def account_digest(email: str, secret: SecretStr) -> bytes:
    """The digest of a lower-case address, whether or not it belongs to a user."""
    message = b"login\0" + email.encode(errors="surrogatepass")
    return hmac.digest(secret.get_secret_value().encode(), message, "sha256")[:DIGEST_BYTES]
