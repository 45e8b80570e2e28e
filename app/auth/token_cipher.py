"""Encryption of provider tokens at rest (AES-256-GCM). Never logs a token, never shows a key.

Every ciphertext is bound to its context (the seller and connection it belongs to), so that a row copied under another
connection does not decrypt. Keys have ids: the first of TOKEN_ENCRYPTION_KEYS encrypts, all of them decrypt, so a
key is rotated by putting a new one in front and dropping the old one once no row names it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from app.configuration.encryption_keys import parse_encryption_keys
from app.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

__all__ = ["EncryptedToken", "TokenCipher", "token_context"]

NONCE_BYTES = 12  # 96 bits, NIST SP 800-38D, 5.2.1.1


class EncryptedToken(NamedTuple):
    """What a row keeps: the id of the key, and nonce, ciphertext and tag in one."""

    key_id: str
    ciphertext: bytes


def token_context(seller_id: UUID, connection_id: UUID) -> bytes:
    """The context of a connection's token: 32 bytes, the two ids."""
    return seller_id.bytes + connection_id.bytes


class TokenCipher:
    """Encrypts under the first key, decrypts under whichever key the row names."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current_key_id = next(iter(keys))
        self.key_ids = frozenset(keys)

    @classmethod
    def from_settings(cls, value: SecretStr) -> Self:
        """The cipher for a TOKEN_ENCRYPTION_KEYS setting.

        Raises SetupError naming the setting, the place in it and what is wrong, but no part of a key.
        """
        try:
            return cls(parse_encryption_keys(value.get_secret_value()))
        except ValueError as error:
            raise SetupError(f"TOKEN_ENCRYPTION_KEYS {error}.") from None

    def encrypt(self, plaintext: SecretStr, *, context: bytes) -> EncryptedToken:
        """The token under the current key; encrypting twice gives two ciphertexts."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self.current_key_id].encrypt(nonce, plaintext.get_secret_value().encode(), context)
        return EncryptedToken(self.current_key_id, nonce + sealed)

    def decrypt(self, encrypted: EncryptedToken, *, context: bytes) -> SecretStr:
        """The token again.

        Raises SetupError when its key is not among the settings, or when key, context or ciphertext are not those
        it was encrypted with.
        """
        cipher = self._ciphers.get(encrypted.key_id)
        if cipher is None:
            raise SetupError(f"TOKEN_ENCRYPTION_KEYS has no key {encrypted.key_id!r}, under which a token is stored.")
        nonce, sealed = encrypted.ciphertext[:NONCE_BYTES], encrypted.ciphertext[NONCE_BYTES:]
        try:
            return SecretStr(cipher.decrypt(nonce, sealed, context).decode())
        except (InvalidTag, ValueError):
            raise SetupError(
                f"A stored token does not decrypt under key {encrypted.key_id!r} of TOKEN_ENCRYPTION_KEYS: "
                "the key has changed, or the row was altered or moved.",
            ) from None
