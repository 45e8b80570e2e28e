"""Why a server that answers does not serve a connection: by PostgreSQL's codes, or by the words of a pooler.

A pooler has one code for everything that it refuses (PgBouncer: 08P01, a protocol violation; others: XX000), so that
only its words tell a wrong password from a pool that is full. They are those of PgBouncer 1.16 to 1.25 and its like.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import asyncpg
from sqlalchemy.exc import DBAPIError

__all__ = ["Refusal", "cause_of", "find_refusal"]


class Refusal(NamedTuple):
    """`fact` follows "the database"; `meaning` explains the reason; without a `remedy` the URL is to be corrected."""

    fact: str
    meaning: str | None = None
    remedy: str | None = None


_REFUSES = "refuses the connection"
TURNED_AWAY = Refusal(_REFUSES)
LOGIN_FAILED = Refusal(_REFUSES, meaning="the pooler does not accept this user or password")
NO_DATABASE = Refusal(_REFUSES, meaning="the pooler serves no such database")
CROWDED = Refusal("accepts no more connections", remedy="close some, or raise its limit of connections")
NO_SESSION = Refusal(
    "is behind a pooler that has no session for us",
    remedy="see whether the PostgreSQL behind it runs and lets it in, and whether the pooler is paused or full",
)

_BY_CODE = (
    (asyncpg.InvalidAuthorizationSpecificationError, TURNED_AWAY),
    (asyncpg.InvalidCatalogNameError, TURNED_AWAY),
    (asyncpg.TooManyConnectionsError, CROWDED),
)
_OF_POOLERS = (asyncpg.ProtocolViolationError, asyncpg.ConnectionDoesNotExistError, asyncpg.InternalServerError)
_BY_WORDS = (
    (r"no more connections|too many (clients|connections)|max(imum)? client|max_client_conn", CROWDED),
    (r"query_wait_timeout|client_login_timeout|server_login_retry|server login|connect to server|paused", NO_SESSION),
    (r"no such database|database .*(does not exist|is disabled|not found)", NO_DATABASE),
    (
        r"auth(entication)? failed|login (rejected|failed)|no such user|user not found|password|credentials",
        LOGIN_FAILED,
    ),
)


def find_refusal(error: BaseException) -> Refusal | None:
    """None if the error is none, such as a server that does not answer at all."""
    cause = cause_of(error)
    by_code = next((refusal for code, refusal in _BY_CODE if isinstance(cause, code)), None)
    if by_code is not None or not isinstance(cause, _OF_POOLERS):
        return by_code
    said = str(cause).lower()
    return next((refusal for words, refusal in _BY_WORDS if re.search(words, said)), None)


def cause_of(error: BaseException) -> BaseException:
    """The driver's error underneath SQLAlchemy's."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return getattr(original, "__cause__", None) or original or error
