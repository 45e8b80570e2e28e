"""The command line as a whole: help everywhere, and a sentence instead of a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import typer.main
from typer.testing import CliRunner

from app.cli.joining.instance import write_instance
from app.cli.main import application, exit_code
from app.errors import ConflictError, InputError, NotFoundError, ServerFailedError, SetupError, UnreachableError
from tests.cli.running import instance_on

if TYPE_CHECKING:
    from pathlib import Path

RUN = "01a20487-992e-72cb-a0c3-a8030fedda90"
COMMANDS = [
    "api",
    "backfill",
    "check",
    "doctor",
    "fix",
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


def _help(*words: str, columns: int) -> str:
    return CliRunner().invoke(application, [*words, "--help"], env={"COLUMNS": str(columns)}).stdout


def test_these_are_the_commands() -> None:
    group = typer.main.get_group(application)

    assert sorted(group.commands) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name: str) -> None:
    command = typer.main.get_group(application).commands[name]

    assert command.help
    assert [parameter.name for parameter in command.params if not getattr(parameter, "help", None)] == []


@pytest.mark.parametrize("words", [(), ("check",), ("tokens",)], ids=str)
def test_the_summary_of_every_command_is_a_whole_sentence(words: tuple[str, ...]) -> None:
    summaries = _help(*words, columns=80).partition("Commands:\n")[2].splitlines()
    assert summaries
    assert [line for line in summaries if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("words", [*((name,) for name in COMMANDS), ("check", "stats"), ("tokens", "check")], ids=str)
def test_help_names_the_value_of_every_option_in_a_word(words: tuple[str, ...]) -> None:
    """Not by its type, such as `<int range>`."""
    options = _help(*words, columns=200).partition("Options:\n")[2]

    assert [line for line in options.splitlines() if "<" in line.partition("  --")[2].split("  ")[0]] == []


@pytest.mark.parametrize("command", ["sync", "backfill"])
def test_something_else_than_a_day_is_refused(command: str, tmp_path: Path) -> None:
    ended = pixecom(command, "--from", "yesterday", "--data-dir", str(tmp_path))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith("Invalid value for '--from': 'yesterday' is not a day such as 2026-11-30.\n")


def test_help_is_there_at_once() -> None:
    started = time.monotonic()

    shown = pixecom("--help")

    assert (shown.returncode, shown.stderr) == (0, "")
    assert [name for name in COMMANDS if f"  {name} " not in shown.stdout] == []
    assert time.monotonic() - started < 5  # heavy imports alone take longer on a busy machine


@pytest.mark.parametrize("command", ["api", "worker", "scheduler", "seed"])
def test_missing_settings_are_named_together_without_a_traceback(command: str) -> None:
    ended = pixecom(command, AUTH_SECRET="short")

    assert ended.returncode == 2
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert lines[0] == "These settings need attention:"
    assert "  DATABASE_URL: is required" in lines
    assert "  AUTH_SECRET: must have at least 32 characters" in lines
    assert "Traceback" not in ended.stderr


def test_a_migration_misses_the_owners_url_alone() -> None:
    ended = pixecom("migrate", AUTH_SECRET="short")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[1:-1] == ["  MIGRATION_DATABASE_URL: is required"]


def test_half_a_range_is_refused(tmp_path: Path) -> None:
    ended = pixecom("sync", "--from", "2026-01-01", "--data-dir", str(tmp_path))

    assert (ended.returncode, ended.stderr) == (2, "Give both --from and --to, or neither.\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Give one of --seller (with --from and --to), --cancel and --resume."),
        (("--seller", "a"), "Give --seller, --from and --to together."),
        (("--seller", "a", "--from", "2026-01-01"), "Give --seller, --from and --to together."),
        (("--cancel", RUN, "--resume", RUN), "Give one of --seller (with --from and --to), --cancel and --resume."),
        (("--cancel", RUN, "--to", "2026-01-01"), "Give --seller, --from and --to together."),
        (("--resume", RUN, "--account", "1"), "--account needs --seller."),
    ],
)
def test_half_a_backfill_is_refused(options: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    ended = pixecom("backfill", *options, "--data-dir", str(tmp_path))

    assert (ended.returncode, ended.stderr) == (2, f"{sentence}\n")


@pytest.mark.parametrize("command", [["token"], ["sync", "--wait"], ["backfill", "--cancel", RUN], ["doctor"]])
def test_without_an_instance_there_is_one_sentence(command: list[str], tmp_path: Path) -> None:
    data = tmp_path / "a data directory"
    ended = pixecom(*command, "--data-dir", str(data))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"No instance runs on {data}; start one with `pixecom up --data-dir '{data}'`, or name its --data-dir.\n"
    )


@pytest.mark.parametrize("command", ["status", "doctor", "token"])
def test_a_note_of_a_killed_run_is_no_instance(command: str, tmp_path: Path) -> None:
    write_instance(tmp_path, instance_on(8123))  # by a process that is alive, and does not use the directory
    ended = pixecom(command, "--data-dir", str(tmp_path), PIXECOM_COMMAND="./pixecom")

    assert (ended.returncode, ended.stdout) == (2, "")
    start = f"./pixecom up --port 8123 --data-dir {tmp_path}"
    assert ended.stderr == f"No instance runs on {tmp_path}; start one with `{start}`, or name its --data-dir.\n"


def test_a_note_of_another_release_is_named(tmp_path: Path) -> None:
    (tmp_path / "instance.json").write_text('{"pid": 1, "moon_port": 2}')
    ended = pixecom("status", "--data-dir", str(tmp_path))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"{tmp_path}/instance.json was not written by this release; restart `pixecom up --data-dir {tmp_path}`.\n"
    )


def test_exit_codes_tell_what_is_wrong_from_what_was_used_wrongly() -> None:
    wrong = [UnreachableError("it is away", advice="start it"), ServerFailedError("no"), ConflictError("not now")]
    used_wrongly = [SetupError("a setting"), InputError("range", "is wrong"), NotFoundError("There is no seller.")]
    assert [exit_code(error) for error in wrong] == [1] * 3
    assert [exit_code(error) for error in used_wrongly] == [2] * 3


@pytest.mark.parametrize(
    "options",
    [("--follow", RUN, "--cancel", RUN), ("--resume", RUN, "--seller", "a"), ("--cancel", RUN, "--resume", RUN)],
)
def test_a_sync_takes_a_run_or_says_what_to_sync(options: tuple[str, ...], tmp_path: Path) -> None:
    ended = pixecom("sync", *options, "--data-dir", str(tmp_path))

    sentence = "Give one of --follow, --cancel and --resume, without --seller, --from and --to.\n"
    assert (ended.returncode, ended.stderr) == (2, sentence)
