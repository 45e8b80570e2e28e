"""What becomes of a job, by the class of its failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from redis.exceptions import OutOfMemoryError, ResponseError
from sqlalchemy.exc import InterfaceError

from app import clock
from app.errors import (
    DatabaseBusyError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    ProviderPermanentError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    TokenRejectedError,
    TooMuchDataError,
)
from app.identifiers import new_id
from app.queries.jobs.claims import ClaimedJob
from app.services.jobs.failure import FailureClass, judge
from app.vocabulary import ConnectionTrouble

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=17)


def job(tries: int = 0) -> ClaimedJob:
    return ClaimedJob(
        id=new_id(),
        kind="chore",
        key="chore",
        seller_id=None,
        connection_id=None,
        unit={},
        progress=None,
        use_case=None,
        pause_scopes=(),
        attempt=tries + 1,
        tries=tries,
        max_tries=3,
        losses=0,
        priority=2,
        claimed_at=NOW,
    )


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ProviderThrottledError("x", retry_at=LATER), FailureClass.THROTTLED),
        (ProviderTransientError("x"), FailureClass.TRANSIENT),
        (TooMuchDataError("x"), FailureClass.TRANSIENT),
        (DatabaseBusyError(), FailureClass.TRANSIENT),
        (asyncpg.DeadlockDetectedError("x"), FailureClass.TRANSIENT),
        (asyncpg.SerializationError("x"), FailureClass.TRANSIENT),
        (asyncpg.QueryCanceledError("x"), FailureClass.TRANSIENT),
        (asyncpg.LockNotAvailableError("x"), FailureClass.TRANSIENT),
        (TokenRejectedError("x"), FailureClass.TOKEN),
        (PermissionDeniedError("x"), FailureClass.PERMISSION),
        (RequestRefusedError("x"), FailureClass.REFUSED),
        (ProviderPermanentError("x"), FailureClass.REFUSED),
        (asyncpg.UniqueViolationError("x"), FailureClass.INTERNAL),
        (asyncpg.DataError("invalid input for query argument $1"), FailureClass.INTERNAL),
        (asyncpg.InterfaceError("another operation is in progress"), FailureClass.INTERNAL),
        (asyncpg.InternalClientError("x"), FailureClass.INTERNAL),
        (NotFoundError("x"), FailureClass.INTERNAL),
        (InputError("range", "x"), FailureClass.INTERNAL),
        (KeyError("x"), FailureClass.INTERNAL),
    ],
)
def test_each_failure_has_its_class(error: Exception, failure: FailureClass) -> None:
    verdict = judge(error, job())
    assert verdict.failure is failure
    spoils = {FailureClass.TOKEN: ConnectionTrouble.TOKEN, FailureClass.PERMISSION: ConnectionTrouble.PERMISSION}
    assert verdict.trouble is spoils.get(failure)
    assert verdict.counts_as_try is (failure is not FailureClass.THROTTLED)


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (ProviderTransientError("x"), [2, 4, None]),
        (KeyError("x"), [5, None, None]),
        (RequestRefusedError("x"), [None, None, None]),
        (TokenRejectedError("x"), [None, None, None]),
    ],
)
def test_waits_grow_with_the_tries_and_end(error: Exception, waits: list[int | None]) -> None:
    for tries, seconds in enumerate(waits):
        wait = judge(error, job(tries)).wait
        if seconds is None:
            assert wait is None
        else:
            assert wait is not None
            assert seconds <= wait.total_seconds() <= seconds * 1.25


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        InterfaceError("x", None, OSError()),
        asyncpg.ConnectionDoesNotExistError("x"),
        asyncpg.AdminShutdownError("x"),
        asyncpg.CannotConnectNowError("x"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.DiskFullError("could not extend file: No space left on device"),
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
        ResponseError("MISCONF Errors writing to the AOF file: No space left on device"),
        OutOfMemoryError("command not allowed when used memory > 'maxmemory'"),
    ],
)
def test_a_server_that_is_away_or_full_is_no_try_however_often_it_comes(error: Exception) -> None:
    for attempt, seconds in ((1, 2), (3, 6), (100_000, 300)):
        verdict = judge(error, replace(job(tries=2), attempt=attempt))
        assert (verdict.failure, verdict.counts_as_try) == (FailureClass.TRANSIENT, False)
        assert verdict.wait is not None
        assert seconds <= verdict.wait.total_seconds() <= seconds * 1.25


@pytest.mark.parametrize("tries", [0, 2, 7])
def test_a_throttle_waits_for_the_time_named_however_often_it_comes(tries: int) -> None:
    with clock.frozen(NOW):
        assert judge(ProviderThrottledError("x", retry_at=LATER), job(tries)).wait == timedelta(minutes=17)


def test_a_throttle_whose_time_has_passed_still_waits_a_moment() -> None:
    with clock.frozen(NOW):
        assert judge(ProviderThrottledError("x", retry_at=NOW), job()).wait == timedelta(seconds=1)


def test_a_reason_holds_no_secret_and_fits() -> None:
    text = "calling https://graph/v26.0/me?access_token=EAAB123 failed " + "x" * 5000
    reason = judge(RuntimeError(text), job()).reason
    assert reason.startswith("RuntimeError: calling https://graph/v26.0/me?access_token=[secret] failed x")
    assert 990 < len(reason) <= 1000
    assert reason.endswith(" characters cut)")
