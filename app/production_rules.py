"""Settings that production rejects, one setting at a time. Messages never quote a value."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from app.secret_strength import fault_of_key, fault_of_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LONGEST_TOKEN_MINUTES", "fault_of", "is_plain_http_outside"]

LONGEST_TOKEN_MINUTES = 60
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_URLS = ("database_url", "system_database_url", "migration_database_url", "redis_url")
_KEYS = "token_encryption_keys"
# Bits of strength. Signing secrets can be guessed offline, server passwords only as fast as the server answers; Meta
# chooses META_APP_SECRET.
_LEAST_BITS = {"auth_secret": 80.0, "cron_secret": 80.0, **dict.fromkeys(_URLS, 40.0), "meta_app_secret": 0.0}


def fault_of(name: str, value: str, others: Mapping[str, str]) -> str | None:
    """Why this secret setting is unfit for production; it must differ from the secret settings in `others`."""
    found = _secrets_in(name, value)
    if name == _KEYS:
        faults = (fault_of_key(*_entry(entry)) for entry in value.split(","))
    else:
        faults = (fault_of_secret(secret, least_bits=_LEAST_BITS[name]) for secret in found)
    return next(filter(None, faults), None) or _equal_to(found, others)


def is_plain_http_outside(url: str) -> bool:
    """Whether traffic to this URL is unencrypted and leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOOPBACK


def _equal_to(found: set[str], others: Mapping[str, str]) -> str | None:
    equal = [name.upper() for name, value in others.items() if found & _secrets_in(name, value)]
    return f"has the same secret as {' and '.join(equal)}; each needs its own" if equal else None


def _secrets_in(name: str, value: str) -> set[str]:
    if name in _URLS:
        return _passwords_in(value)
    if name == _KEYS:
        return {_entry(entry)[1] for entry in value.split(",")}
    return {value}


def _passwords_in(url: str) -> set[str]:
    """May be empty: a server may authenticate its clients by other means."""
    parts = urlsplit(url)
    return {unquote(parts.password or ""), *parse_qs(parts.query).get("password", ())} - {""}


def _entry(text: str) -> tuple[str, str]:
    key_id, _, encoded = text.strip().partition(":")
    return key_id, encoded
