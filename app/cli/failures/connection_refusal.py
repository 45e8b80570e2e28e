"""Why a server that answers does not serve a connection: by PostgreSQL's codes, or by the words of a pooler.

A pooler has one code for everything that it refuses (PgBouncer: 08P01, a protocol violation; others: XX000), so that
only its words tell a wrong password from a pool that is full. They are those of PgBouncer 1.16 to 1.25 and its like.
It passes on what PostgreSQL says to its own login: PostgreSQL names the user in quotes, PgBouncer does not.
"""

from __future__ import annotations

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
_PASSED_ON = "in the pooler's configuration, or in the URL if the pooler passes it on"
LOGIN_BEHIND_FAILED = Refusal(
    _REFUSES,
    meaning="the PostgreSQL behind the pooler does not let this login in",
    remedy=f"correct the login {_PASSED_ON}",
)
NO_DATABASE_BEHIND = Refusal(
    _REFUSES,
    meaning="the PostgreSQL behind the pooler has no such database",
    remedy=f"correct the database's name {_PASSED_ON}",
)
STATEMENT_MODE = Refusal(
    "is behind a pooler that allows no transactions",
    meaning="the pooler is in statement mode",
    remedy="set pool_mode = transaction",
)
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
# In lower case; an ellipsis stands for anything.
_BY_WORDS = (
    ("statement pooling mode", STATEMENT_MODE),
    ("no more connections", CROWDED),
    ("too many clients", CROWDED),
    ("too many connections", CROWDED),
    ("max client", CROWDED),
    ("maximum client", CROWDED),
    ("max_client_conn", CROWDED),
    ("query_wait_timeout", NO_SESSION),
    ("client_login_timeout", NO_SESSION),
    ("server_login_retry", NO_SESSION),
    ("server login", NO_SESSION),
    ("connect to server", NO_SESSION),
    ("paused", NO_SESSION),
    ("no such database", NO_DATABASE),
    ("database … does not exist", NO_DATABASE_BEHIND),
    ("database … is disabled", NO_DATABASE),
    ("database … not found", NO_DATABASE),
    ("authentication failed for user", LOGIN_BEHIND_FAILED),
    ("role … does not exist", LOGIN_BEHIND_FAILED),
    ("role … is not permitted to log in", LOGIN_BEHIND_FAILED),
    ("permission denied for database", LOGIN_BEHIND_FAILED),
    ("pg_hba.conf", LOGIN_BEHIND_FAILED),
    ("auth failed", LOGIN_FAILED),
    ("authentication failed", LOGIN_FAILED),
    ("login rejected", LOGIN_FAILED),
    ("login failed", LOGIN_FAILED),
    ("no such user", LOGIN_FAILED),
    ("user not found", LOGIN_FAILED),
    ("password", LOGIN_FAILED),
    ("credentials", LOGIN_FAILED),
)


def find_refusal(error: BaseException) -> Refusal | None:
    """None if the error is none, such as a server that does not answer at all."""
    cause = cause_of(error)
    by_code = next((refusal for code, refusal in _BY_CODE if isinstance(cause, code)), None)
    if not _is_of_a_pooler(cause, has_code=by_code is not None):
        return by_code
    said = str(cause).lower()
    return next((refusal for words, refusal in _BY_WORDS if _occur(words, said)), by_code)


def _is_of_a_pooler(cause: BaseException, *, has_code: bool) -> bool:
    """Newer poolers have PostgreSQL's codes too; but only PostgreSQL names the file of its source that says so."""
    is_unsigned = isinstance(cause, asyncpg.PostgresError) and getattr(cause, "server_source_filename", None) is None
    return isinstance(cause, _OF_POOLERS) or (has_code and is_unsigned)


def _occur(words: str, said: str) -> bool:
    return all(part in said for part in words.split(" … "))


def cause_of(error: BaseException) -> BaseException:
    """The driver's error underneath SQLAlchemy's."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return getattr(original, "__cause__", None) or original or error
