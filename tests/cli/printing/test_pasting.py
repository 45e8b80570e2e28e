"""Printed commands can be pasted: quoted, for the same instance, under the name that the program was called by."""

from __future__ import annotations

import shlex
from contextvars import copy_context
from pathlib import Path

import pytest

from app.cli.printing.pasting import paste_for, pasted, pasted_anywhere
from app.cli.printing.places import DEFAULT_DATA
from app.cli.process.identifiers import run_name
from app.cli.runs.follow_commands import cancel_command, follow_command, resume_command
from app.identifiers import new_id
from app.vocabulary import RunOrigin


def pasted_for(data: Path, *words: str) -> str:
    def paste() -> str:
        paste_for(data)
        return pasted(*words)

    return copy_context().run(paste)


@pytest.mark.parametrize("name", ["data", "a data directory", "it's"])
def test_the_data_directory_is_named_and_quoted(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    command = pasted_for(data, "sync", "--follow", "a=")
    assert shlex.split(command) == ["pixecom", "sync", "--follow", "a=", "--data-dir", str(data)]


def test_a_relative_directory_is_named_so_that_it_is_found_from_anywhere() -> None:
    assert pasted_for(Path("data"), "status") == f"pixecom status --data-dir {shlex.quote(str(Path.cwd() / 'data'))}"


def test_the_default_directory_is_not_named() -> None:
    assert pasted_for(DEFAULT_DATA, "status") == pasted_for(DEFAULT_DATA / ".." / ".data", "status") == "pixecom status"


def test_the_program_is_named_as_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXECOM_COMMAND", "/srv/my shop/pixecom")
    assert pasted_anywhere("migrate") == "'/srv/my shop/pixecom' migrate"


@pytest.mark.parametrize("origin", RunOrigin)
def test_the_command_fits_the_kind_of_run(origin: RunOrigin) -> None:
    run_id = new_id()
    command = "backfill" if origin is RunOrigin.BACKFILL else "sync"
    assert cancel_command(run_id, origin) == f"pixecom {command} --cancel {run_name(run_id)}"
    assert resume_command(run_id, origin) == f"pixecom {command} --resume {run_name(run_id)}"
    assert follow_command(run_id) == f"pixecom sync --follow {run_name(run_id)}"
