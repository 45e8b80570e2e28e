"""What stands in the way of `up` is said in one sentence, and nothing is left running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.cli.joining.instance import write_instance
from app.cli.joining.port_user import describe_port_user
from app.embedded.data_directory import open_data_directory
from app.embedded.ports import find_free_port
from tests.cli.running import instance_on, running_instance

if TYPE_CHECKING:
    from collections.abc import Generator


def pixecom(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-m", "app.cli.main", *arguments]
    return subprocess.run(command, env=bare, capture_output=True, text=True, check=False, timeout=60)


def up(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return pixecom("up", *arguments, **environment)


@contextmanager
def listening() -> Generator[int]:
    """A port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def sentence_of_our_own(port: int, data: Path) -> str:
    return (
        f"Port {port} on 127.0.0.1 is in use by the `pixecom up` that runs on {data} (process {os.getpid()}); "
        "stop that run, or pass another --port."
    )


def processes_naming(text: str) -> list[str]:
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command:
            found.append(command)
    return found


def assert_refused(ended: subprocess.CompletedProcess[str], sentence: str, data: Path) -> None:
    assert (ended.returncode, ended.stderr) == (2, f"{sentence}\n")
    assert processes_naming(str(data)) == []


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_port_in_use(data: Path) -> None:
    with listening() as port:
        ended = up("--port", str(port), "--data-dir", str(data))

    assert_refused(
        ended, f"Port {port} on 127.0.0.1 is in use by another program; stop it, or pass another --port.", data
    )
    assert not data.exists()


def test_a_port_in_use_by_the_run_of_the_same_directory(data: Path) -> None:
    with listening() as port, running_instance(data, instance_on(port)):
        ended = up("--port", str(port), "--data-dir", str(data))

    assert_refused(ended, sentence_of_our_own(port, data), data)


LISTEN = """
import socket, sys
taken = socket.create_server(("127.0.0.1", 0))
print(taken.getsockname()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def process_listening(data: Path) -> Generator[int]:
    """The port of a process that an instance on this data directory has started."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIRECTORY": str(data)}
    command = [sys.executable, "-c", LISTEN]
    with subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        yield int(child.stdout.readline())
        child.communicate()


@pytest.mark.parametrize("command", [("up",), ("sandbox",)], ids=" ".join)
def test_a_port_in_use_by_the_run_of_another_directory(data: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    other = tmp_path / "another directory"
    with process_listening(other) as port, running_instance(other, instance_on(port)):
        options = ["--data-dir", str(data)] if command == ("up",) else []
        ended = pixecom(*command, "--port", str(port), *options)

    assert_refused(ended, sentence_of_our_own(port, other), data)


def test_what_a_killed_run_has_noted_is_no_user_of_its_port(data: Path) -> None:
    with listening() as port:
        data.mkdir()
        write_instance(data, instance_on(port))
        ended = up("--port", str(port), "--data-dir", str(data))

    assert "is in use by another program" in ended.stderr


def test_a_data_directory_in_use(data: Path) -> None:
    directory = open_data_directory(data, user="pixecom up")
    owner = (data / "lock").read_text()
    try:
        ended = up("--port", str(find_free_port()), "--data-dir", str(data))
    finally:
        directory.close()

    since = owner.split('"since": "')[1].split('"')[0]
    assert_refused(
        ended,
        f"The data directory {data} is in use by `pixecom up` (process {os.getpid()}, since {since}); "
        "stop that run, or pass another directory with --data-dir.",
        data,
    )


@pytest.mark.parametrize("reset", [[], ["--reset"]])
def test_a_directory_of_somebody_else_is_left_alone(data: Path, reset: list[str]) -> None:
    data.mkdir()
    (data / "thesis.txt").write_text("years of work")

    ended = up("--port", str(find_free_port()), "--data-dir", str(data), *reset)

    assert_refused(
        ended,
        f"The directory {data} is not empty and not a data directory of PixEcom; pass another one with --data-dir.",
        data,
    )
    assert [entry.name for entry in data.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(("inside", "reason"), [("", "it is a file"), ("data", "a part of its path is a file")])
def test_a_file_is_no_data_directory(tmp_path: Path, inside: str, reason: str) -> None:
    (tmp_path / "notes").touch()
    data = tmp_path / "notes" / inside
    ended = up("--port", str(find_free_port()), "--data-dir", str(data))

    assert (ended.returncode, ended.stderr) == (
        2,
        f"The data directory {data} can't be used: {reason}. Pass another one with --data-dir.\n",
    )


def test_an_unreachable_database(data: Path) -> None:
    port = find_free_port()
    url = f"postgresql://pixecom_app:very-secret@127.0.0.1:{port}/shop"
    environment = dict.fromkeys(("DATABASE_URL", "SYSTEM_DATABASE_URL", "MIGRATION_DATABASE_URL"), url)

    ended = up("--port", str(find_free_port()), "--data-dir", str(data), **environment)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"DATABASE_URL: the database 127.0.0.1:{port}/shop can't be reached (")
    assert ended.stderr.endswith("); start it, correct DATABASE_URL, or unset it to use the embedded PostgreSQL.\n")
    assert ended.stderr.count("\n") == 1
    assert "very-secret" not in ended.stderr + ended.stdout
    assert processes_naming(str(data)) == []


def test_an_unreachable_redis(data: Path) -> None:
    url = f"redis://:very-secret@127.0.0.1:{find_free_port()}/0"

    ended = up("--port", str(find_free_port()), "--data-dir", str(data), REDIS_URL=url)

    assert ended.returncode == 1
    assert ended.stderr.startswith("REDIS_URL: the server can't be reached (")
    assert ended.stderr.count("\n") == 1
    assert "very-secret" not in ended.stderr + ended.stdout
    assert processes_naming(str(data)) == []


def test_a_database_url_without_the_other_roles(data: Path) -> None:
    ended = up("--port", str(find_free_port()), "--data-dir", str(data), DATABASE_URL="postgresql://a@b/c")

    assert_refused(
        ended,
        "With DATABASE_URL set, SYSTEM_DATABASE_URL and MIGRATION_DATABASE_URL must be set too: one URL for each of "
        "the roles pixecom_app, pixecom_system and pixecom_owner.",
        data,
    )


def test_production_settings(data: Path) -> None:
    ended = up("--data-dir", str(data), PIXECOM_ENV="production")

    assert_refused(
        ended,
        "`pixecom up` is for development only. Unset PIXECOM_ENV to use it; in production, run `pixecom api`, "
        "`pixecom worker` and `pixecom scheduler`.",
        data,
    )


def test_an_up_that_lost_its_port_while_it_started_does_not_blame_itself(tmp_path: Path) -> None:
    port, data = find_free_port(), tmp_path / "data"
    with running_instance(data, instance_on(port)):
        assert describe_port_user(port, data).startswith("another program;")
