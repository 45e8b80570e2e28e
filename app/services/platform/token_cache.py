"""Decrypted access tokens of this process, in memory for minutes and nowhere else. Never shown by a repr."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from pydantic import SecretStr

LIFETIME = timedelta(minutes=5)
REMEMBERED = 1000


class _Entry(NamedTuple):
    token: SecretStr
    until: datetime


class TokenCache:
    """By connection and by what is stored for it: a token that was changed is another entry at once."""

    def __init__(self, *, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._entries: OrderedDict[tuple[UUID, bytes], _Entry] = OrderedDict()

    def __repr__(self) -> str:
        return f"TokenCache({len(self._entries)} tokens)"

    def get_token(self, connection_id: UUID, ciphertext: bytes, decrypt: Callable[[], SecretStr]) -> SecretStr:
        """The token, decrypted where it is not remembered any more. Raises what `decrypt` raises."""
        self._forget_old()
        key = (connection_id, hashlib.sha256(ciphertext).digest())
        if key not in self._entries:
            self._entries[key] = _Entry(decrypt(), clock.now() + LIFETIME)
            if len(self._entries) > self._remembered:
                self._entries.popitem(last=False)
        return self._entries[key].token

    def _forget_old(self) -> None:
        """Entries stand in the order in which they end."""
        now = clock.now()
        while self._entries and next(iter(self._entries.values())).until <= now:
            self._entries.popitem(last=False)
