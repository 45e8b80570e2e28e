"""What makes a setting unacceptable, most of it in production only. Messages never quote a value."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from app.configuration.secret_strength import fault_of_given_secret, fault_of_key, fault_of_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["LONGEST_TOKEN_MINUTES", "fault_of", "is_plain_http_outside", "leave_addresses_out", "names_a_host"]

LONGEST_TOKEN_MINUTES = 60
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_URLS = ("database_url", "system_database_url", "migration_database_url", "redis_url")
_KEYS = "token_encryption_keys"
_GIVEN = "meta_app_secret"  # Meta chooses it
# Bits of strength. Signing secrets can be guessed offline, server passwords only as fast as the server answers.
_LEAST_BITS = {"auth_secret": 80.0, "cron_secret": 80.0, **dict.fromkeys(_URLS, 40.0)}


def fault_of(name: str, value: str, others: Mapping[str, str]) -> str | None:
    """Why this secret setting is unfit for production; it must differ from the secret settings in `others`."""
    found = _secrets_in(name, value)
    if name == _KEYS:
        faults = (fault_of_key(*_entry(entry)) for entry in value.split(","))
    elif name == _GIVEN:
        faults = map(fault_of_given_secret, found)
    else:
        faults = (fault_of_secret(secret, least_bits=_LEAST_BITS[name]) for secret in found)
    return next(filter(None, faults), None) or _equal_to(found, others)


def is_plain_http_outside(url: str) -> bool:
    """Whether traffic to this URL is unencrypted and leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOOPBACK


def names_a_host(url: str) -> bool:
    """Whether the URL says whom to ask."""
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def leave_addresses_out(networks: Sequence[str]) -> bool:
    """Whether these networks together are less than half of all addresses: more is a mistake, or everybody."""
    parsed = [ip_network(network) for network in networks]
    of_4 = collapse_addresses(each for each in parsed if isinstance(each, IPv4Network))
    of_6 = collapse_addresses(each for each in parsed if isinstance(each, IPv6Network))
    return all(2 * sum(each.num_addresses for each in family) < 2**bits for family, bits in ((of_4, 32), (of_6, 128)))


def _equal_to(found: set[str], others: Mapping[str, str]) -> str | None:
    equal = [name.upper() for name, value in others.items() if found & _secrets_in(name, value)]
    return f"has the same secret as {' and '.join(equal)}; each needs its own" if equal else None


def _secrets_in(name: str, value: str) -> set[str]:
    if name in _URLS:
        return _passwords_in(value)
    if name == _KEYS:
        return {_entry(entry)[1] for entry in value.split(",")}
    return {value.strip()}


def _passwords_in(url: str) -> set[str]:
    """May be empty: a server may authenticate its clients by other means."""
    parts = urlsplit(url)
    found = {unquote(parts.password or ""), *parse_qs(parts.query).get("password", ())}
    return {password.strip() for password in found} - {""}


def _entry(text: str) -> tuple[str, str]:
    key_id, _, encoded = text.strip().partition(":")
    return key_id.strip(), encoded.strip()
