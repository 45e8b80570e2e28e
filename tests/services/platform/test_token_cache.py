from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app import clock
from app.identifiers import new_id
from app.services.platform.token_cache import TokenCache

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ONE, TWO = new_id(), new_id()


class Decrypting(list[str]):
    """Remembers what had to be decrypted."""

    def of(self, token: str) -> Callable[[], SecretStr]:
        def decrypt() -> SecretStr:
            self.append(token)
            return SecretStr(token)

        return decrypt


def test_a_token_is_decrypted_once_in_five_minutes() -> None:
    cache, decrypted = TokenCache(), Decrypting()
    for minutes in (0, 4.9, 5, 5):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            token = cache.get_token(ONE, b"sealed", decrypted.of("secret-1"))
            assert token.get_secret_value() == "secret-1"

    assert decrypted == ["secret-1", "secret-1"]


def test_another_ciphertext_or_connection_is_another_token() -> None:
    cache, decrypted = TokenCache(), Decrypting()
    first = cache.get_token(ONE, b"sealed", decrypted.of("a"))
    renewed = cache.get_token(ONE, b"sealed anew", decrypted.of("b"))
    other = cache.get_token(TWO, b"sealed", decrypted.of("c"))

    assert [token.get_secret_value() for token in (first, renewed, other)] == ["a", "b", "c"]


def test_only_so_many_are_remembered_and_what_has_ended_is_forgotten() -> None:
    cache, decrypted = TokenCache(remembered=2), Decrypting()
    with clock.frozen(NOON):
        for number in range(3):
            cache.get_token(ONE, str(number).encode(), decrypted.of(str(number)))
        cache.get_token(ONE, b"2", decrypted.of("2"))
        cache.get_token(ONE, b"0", decrypted.of("0"))
        assert repr(cache) == "TokenCache(2 tokens)"
    with clock.frozen(NOON + timedelta(minutes=5)):
        cache.get_token(TWO, b"3", decrypted.of("3"))

    assert decrypted == ["0", "1", "2", "0", "3"]
    assert repr(cache) == "TokenCache(1 tokens)"


def test_nothing_shows_a_token() -> None:
    cache = TokenCache()
    token = cache.get_token(ONE, b"sealed", lambda: SecretStr("secret-1"))

    assert "secret-1" not in f"{cache!r} {vars(cache)!r} {token!r}"
