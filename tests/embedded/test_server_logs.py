"""What the embedded servers write down: no statement, no value of a row, and little for each failure."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.embedded.test_servers import run, supervising

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = ("hush-hush-password", "hush-hush-row", "hush-hush-key", "hush-hush-comment")
# What the log says of one failure: its time, its process, its message.
MOST_BYTES_A_FAILURE = 200


def fail(url: str, statement: str) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run(url, statement)


def test_a_statement_that_fails_costs_one_short_line_without_its_text_or_values(tmp_path: Path) -> None:
    log = tmp_path / "data" / "logs" / "postgres.log"
    with supervising(tmp_path / "data") as servers:
        url = servers.facts["owner_url"]
        run(url, "CREATE TABLE kept (name text PRIMARY KEY CHECK (length(name) < 15))")
        run(url, "INSERT INTO kept VALUES ('hush-hush-key')")
        before = log.stat().st_size
        fail(url, "ALTER ROLE missing PASSWORD 'hush-hush-password'")
        fail(url, "INSERT INTO kept VALUES ('hush-hush-row-of-a-table')")
        fail(url, "INSERT INTO kept VALUES ('hush-hush-key')")
        fail(url, f"SET statement_timeout = '10ms'; SELECT pg_sleep(5) /* {'hush-hush-comment' * 1000} */")
        written = log.read_bytes()[before:].decode()
        servers.stop()

    assert [secret for secret in SECRETS if secret in written] == []
    assert written.count("canceling statement due to statement timeout") == 1
    assert len(written) < 4 * MOST_BYTES_A_FAILURE
