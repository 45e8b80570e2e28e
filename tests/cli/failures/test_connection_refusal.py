"""Why no connection is served: PostgreSQL tells by codes, poolers by words under one code."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from app.cli.failures import connection_refusal as refusals
from app.cli.failures.connection_refusal import Refusal, find_refusal


def signed(error: asyncpg.PostgresError) -> asyncpg.PostgresError:
    """As PostgreSQL sends it: with the place in its source."""
    vars(error)["server_source_filename"] = "auth.c"
    return error


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("SASL authentication failed", refusals.LOGIN_FAILED),
        ("password authentication failed", refusals.LOGIN_FAILED),
        ('password authentication failed for user "app"', refusals.LOGIN_BEHIND_FAILED),
        ('role "app" does not exist', refusals.LOGIN_BEHIND_FAILED),
        (
            'no pg_hba.conf entry for host "10.0.0.1", user "app", database "shop", no encryption',
            refusals.LOGIN_BEHIND_FAILED,
        ),
        ("auth failed", refusals.LOGIN_FAILED),
        ("no such user: app", refusals.LOGIN_FAILED),
        ("login rejected", refusals.LOGIN_FAILED),
        ("no such database: shop", refusals.NO_DATABASE),
        ('database "shop" does not exist', refusals.NO_DATABASE_BEHIND),
        ('database "shop" is disabled', refusals.NO_DATABASE),
        ("no more connections allowed (max_client_conn)", refusals.CROWDED),
        ("sorry, too many clients already", refusals.CROWDED),
        ("query_wait_timeout", refusals.NO_SESSION),
        ("client_login_timeout (server down)", refusals.NO_SESSION),
        ("pgbouncer cannot connect to server", refusals.NO_SESSION),
        (
            "server login has been failing, cached error: password authentication failed (server_login_retry)",
            refusals.NO_SESSION,
        ),
        ("transaction blocks not allowed in statement pooling mode", refusals.STATEMENT_MODE),
        ("unsupported startup parameter: jit", None),
    ],
)
def test_the_words_of_pgbouncer(said: str, refusal: Refusal | None) -> None:
    assert find_refusal(asyncpg.ProtocolViolationError(said)) == refusal


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (signed(asyncpg.InvalidPasswordError('password authentication failed for user "app"')), refusals.TURNED_AWAY),
        (signed(asyncpg.InvalidCatalogNameError('database "shop" does not exist')), refusals.TURNED_AWAY),
        (
            asyncpg.InvalidPasswordError('password authentication failed for user "app"'),
            refusals.LOGIN_BEHIND_FAILED,
        ),
        (asyncpg.InvalidPasswordError("SASL authentication failed"), refusals.LOGIN_FAILED),
        (asyncpg.InvalidCatalogNameError("odyssey: route is not found"), refusals.TURNED_AWAY),
        (
            asyncpg.ConnectionDoesNotExistError(
                "connection was closed in the middle of operation: "
                "transaction blocks not allowed in statement pooling mode"
            ),
            refusals.STATEMENT_MODE,
        ),
        (asyncpg.TooManyConnectionsError("sorry, too many clients already"), refusals.CROWDED),
        (asyncpg.InternalServerError("Tenant or user not found"), refusals.LOGIN_FAILED),
        (asyncpg.UndefinedTableError('relation "password" does not exist'), None),
        (ConnectionRefusedError(111, "Connect call failed"), None),
    ],
)
def test_the_codes_of_postgresql_and_other_poolers(error: Exception, refusal: Refusal | None) -> None:
    assert find_refusal(error) == refusal
    assert find_refusal(DBAPIError(None, None, error)) == refusal
