"""Settings that are accepted and look like mistakes: said once at start, in words that never quote a value."""

from __future__ import annotations

from difflib import SequenceMatcher
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from app.configuration.settings import Environment, Settings
from app.providers.proxies import doubt_exceptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import SecretStr

__all__ = ["list_doubts"]

_OURS = "PIXECOM_"
# Between the script `./pixecom` and the command line.
_OF_THE_SCRIPT = frozenset({"PIXECOM_PYTHON", "PIXECOM_COMMAND"})
# How alike two names must be, of 1: whole names, or what follows the first word where that is the same (LOGIN_…).
_LIKE, _LIKE_IN_FAMILY = 0.9, 0.65
_LOCAL_SUFFIXES = (".internal", ".local", ".localhost")


def list_doubts(settings: Settings, names: Iterable[str]) -> list[str]:
    """What an operator should look at, as sentences. `names` are those of the environment's variables."""
    doubts = [*_misspelt(names), *filter(None, [doubt_exceptions()])]
    if settings.environment is Environment.PRODUCTION:
        doubts += _in_production(settings)
    return doubts


def _misspelt(names: Iterable[str]) -> Iterable[str]:
    """Names that are nearly ours. Other programs' variables are of no concern."""
    ours = [str(field.validation_alias or name).upper() for name, field in Settings.model_fields.items()]
    for name in sorted({name.upper() for name in names}.difference(ours, _OF_THE_SCRIPT)):
        likeness, nearest = max((_likeness(name, our), our) for our in ours)
        if likeness >= 1 or name.startswith(_OURS):
            yield f"{name} is no setting and has no effect; is {nearest} meant?"


def _likeness(name: str, our: str) -> float:
    """At least 1 for names that differ by a slip of the keyboard or of the memory."""
    family, _, rest = name.partition("_")
    our_family, _, our_rest = our.partition("_")
    if family == our_family:
        return SequenceMatcher(None, rest, our_rest, autojunk=False).ratio() / _LIKE_IN_FAMILY
    return SequenceMatcher(None, name, our, autojunk=False).ratio() / _LIKE


def _in_production(settings: Settings) -> Iterable[str]:
    for name in ("database_url", "system_database_url", "migration_database_url"):
        url: SecretStr | None = getattr(settings, name)
        if url is not None and _is_unencrypted(url.get_secret_value()):
            yield f"{name.upper()} turns encryption off, and its server is neither here nor in a private network."
    redis = urlsplit(settings.redis_url.get_secret_value())
    if redis.scheme != "unix" and not redis.password and not _is_near(redis.hostname, is_private_enough=False):
        yield (
            "REDIS_URL has no password, and its server is not on this machine: "
            "whatever reaches it can read and write the queue."
        )
    if settings.meta_app_secret is not None and settings.meta_app_id is None:
        yield "META_APP_SECRET is set without META_APP_ID: access tokens can't be checked."


def _is_unencrypted(url: str) -> bool:
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    return "disable" in {*asked.get("sslmode", ()), *asked.get("ssl", ())} and not _is_near(parts.hostname)


def _is_near(host: str | None, *, is_private_enough: bool = True) -> bool:
    """Whether a host is this machine, or in a private network by its address or name."""
    if not host or host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return is_private_enough and ("." not in host or host.endswith(_LOCAL_SUFFIXES))
    return address.is_loopback or (is_private_enough and address.is_private)
