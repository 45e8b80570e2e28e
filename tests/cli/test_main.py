"""The command line as a whole: help everywhere, and a sentence instead of a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import typer.main

from app.cli.main import application

if TYPE_CHECKING:
    from pathlib import Path

RUN = "01a20487-992e-72cb-a0c3-a8030fedda90"
COMMANDS = [
    "api",
    "backfill",
    "check",
    "doctor",
    "logins",
    "migrate",
    "sandbox",
    "scheduler",
    "seed",
    "status",
    "sync",
    "test",
    "token",
    "tokens",
    "up",
    "worker",
]


def pixecom(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-m", "app.cli.main", *arguments]
    return subprocess.run(command, env=bare, capture_output=True, text=True, check=False, timeout=60)


def test_these_are_the_commands() -> None:
    group = typer.main.get_group(application)

    assert sorted(group.commands) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name: str) -> None:
    command = typer.main.get_group(application).commands[name]

    assert command.help
    assert [parameter.name for parameter in command.params if not getattr(parameter, "help", None)] == []


def test_help_is_there_at_once() -> None:
    started = time.monotonic()

    shown = pixecom("--help")

    assert (shown.returncode, shown.stderr) == (0, "")
    assert [name for name in COMMANDS if f"  {name} " not in shown.stdout] == []
    assert time.monotonic() - started < 5  # heavy imports alone take longer on a busy machine


@pytest.mark.parametrize("command", ["api", "worker", "scheduler", "migrate", "seed"])
def test_missing_settings_are_named_together_without_a_traceback(command: str) -> None:
    ended = pixecom(command, AUTH_SECRET="short")

    assert ended.returncode == 2
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert lines[0] == "These settings need attention:"
    assert "  DATABASE_URL: is required" in lines
    assert "  AUTH_SECRET: must have at least 32 characters" in lines
    assert "Traceback" not in ended.stderr


def test_half_a_range_is_refused(tmp_path: Path) -> None:
    ended = pixecom("sync", "--from", "2026-01-01", "--data-dir", str(tmp_path))

    assert (ended.returncode, ended.stderr) == (2, "--from and --to are given together, or neither.\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Say one of --seller (with --from and --to), --cancel or --resume."),
        (("--seller", "a"), "--seller, --from and --to are given together."),
        (("--seller", "a", "--from", "2026-01-01"), "--seller, --from and --to are given together."),
        (("--cancel", RUN, "--resume", RUN), "Say one of --seller (with --from and --to), --cancel or --resume."),
        (("--cancel", RUN, "--to", "2026-01-01"), "--seller, --from and --to are given together."),
        (("--resume", RUN, "--account", "1"), "--account needs --seller."),
    ],
)
def test_half_a_backfill_is_refused(options: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    ended = pixecom("backfill", *options, "--data-dir", str(tmp_path))

    assert (ended.returncode, ended.stderr) == (2, f"{sentence}\n")


@pytest.mark.parametrize("command", [["token"], ["sync", "--wait"], ["backfill", "--cancel", RUN], ["doctor"]])
def test_without_an_instance_there_is_one_sentence(command: list[str], tmp_path: Path) -> None:
    ended = pixecom(*command, "--data-dir", str(tmp_path))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (f"No instance runs on {tmp_path}; start one with `pixecom up`, or name its --data-dir.\n")
