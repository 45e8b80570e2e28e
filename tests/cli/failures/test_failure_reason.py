"""Reasons are words: no error number and no Python text reaches a person."""

from __future__ import annotations

import pytest

from app.cli.failures.failure_reason import reason_of


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError("[Errno 111] Connect call failed ('127.0.0.1', 5432)"), "connection refused"),
        (OSError("[Errno -2] Name or service not known"), "the host name can't be resolved"),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), [Errno 111] Connect call"),
            "connection refused",
        ),
        (OSError("[Errno 113] No route to host"), "no route to host"),
        (ConnectionError("Error 111 connecting to localhost:6379. Connection refused."), "connection refused"),
        (ConnectionError("Error -3 connecting to redis:6379. Temporary failure."), "the host name can't be resolved"),
        (TimeoutError(), "no answer in time"),
        (RuntimeError('database "nothing" does not exist.'), 'database "nothing" does not exist'),
    ],
)
def test_a_reason_in_words(error: BaseException, reason: str) -> None:
    assert reason_of(error) == reason
