"""What stands for an e-mail address where the address itself must not stand: in keys of Redis, in the trail, in logs.

Keyed with AUTH_SECRET, so that a list of addresses does not undo it; another secret makes other digests.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["account_digest"]

DIGEST_BYTES = 16


def account_digest(email: str, secret: SecretStr) -> bytes:
    """The digest of an address in lower case, whether somebody has it or not."""
    message = b"login\0" + email.encode(errors="surrogatepass")
    return hmac.digest(secret.get_secret_value().encode(), message, "sha256")[:DIGEST_BYTES]
