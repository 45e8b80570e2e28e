"""Why no connection is served: PostgreSQL tells by codes, poolers by words under one code."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from app.cli import connection_refusal as refusals
from app.cli.connection_refusal import Refusal, find_refusal


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("SASL authentication failed", refusals.LOGIN_FAILED),
        ('password authentication failed for user "app"', refusals.LOGIN_FAILED),
        ("auth failed", refusals.LOGIN_FAILED),
        ("no such user: app", refusals.LOGIN_FAILED),
        ("login rejected", refusals.LOGIN_FAILED),
        ("no such database: shop", refusals.NO_DATABASE),
        ('database "shop" does not exist', refusals.NO_DATABASE),
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
        ("unsupported startup parameter: jit", None),
    ],
)
def test_the_words_of_pgbouncer(said: str, refusal: Refusal | None) -> None:
    assert find_refusal(asyncpg.ProtocolViolationError(said)) == refusal


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (asyncpg.InvalidPasswordError('password authentication failed for user "app"'), refusals.TURNED_AWAY),
        (asyncpg.InvalidCatalogNameError('database "shop" does not exist'), refusals.TURNED_AWAY),
        (asyncpg.TooManyConnectionsError("sorry, too many clients already"), refusals.CROWDED),
        (asyncpg.InternalServerError("Tenant or user not found"), refusals.LOGIN_FAILED),
        (asyncpg.UndefinedTableError('relation "password" does not exist'), None),
        (ConnectionRefusedError(111, "Connect call failed"), None),
    ],
)
def test_the_codes_of_postgresql_and_other_poolers(error: Exception, refusal: Refusal | None) -> None:
    assert find_refusal(error) == refusal
    assert find_refusal(DBAPIError(None, None, error)) == refusal
