"""Servers live exactly as long as the process that supervises them, and keep what they were told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, cast

import pytest
from redis import Redis

from app.embedded.identity import packaged_binaries

if TYPE_CHECKING:
    from collections.abc import Generator

# redis-py's clients take untyped keywords:
# pyright: reportUnknownMemberType=false

SCRIPT = Path(__file__).with_name("supervising_process.py")
NOBODY, NAMELESS = 65534, 54321
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


@dataclass
class Supervising:
    process: subprocess.Popen[str]
    facts: dict[str, str]

    @property
    def server_processes(self) -> list[int]:
        return [int(self.facts["postgres"]), int(self.facts["valkey"]), *children_of(int(self.facts["postgres"]))]

    def stop(self) -> dict[str, bool]:
        """Let it end in order; its last word."""
        writer, reader = cast("IO[str]", self.process.stdin), cast("IO[str]", self.process.stdout)
        writer.write("\n")
        writer.flush()
        last_word: dict[str, bool] = json.loads(reader.readline())
        assert self.process.wait(20) == 0
        return last_word

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


@contextmanager
def supervising(directory: Path, *options: str) -> Generator[Supervising]:
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(directory), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Supervising(process, json.loads(cast("IO[str]", process.stdout).readline()))
        finally:
            process.kill()


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"PPid:\t{pid}\n" in (entry / "status").read_text():
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def none_of_them_runs_soon(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(is_running(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def run(url: str, query: str) -> str:
    """What psql prints for it."""
    command = [str(packaged_binaries() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", query]
    return subprocess.check_output([*command, url.replace("+asyncpg", "")], text=True).strip()


def write_and_kill(directory: Path, *options: str) -> None:
    with supervising(directory, *options) as first:
        run(first.facts["owner_url"], "CREATE TABLE kept (n int)")
        run(first.facts["owner_url"], "INSERT INTO kept VALUES (42)")
        first.kill()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Below a folder that nobody but its owner may enter (as pytest's own are)."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    return private / "data"


def test_a_killed_supervisor_leaves_no_server(directory: Path) -> None:
    with supervising(directory) as first:
        pids = first.server_processes
        assert len(pids) > 4
        assert all(is_running(pid) for pid in pids)

        first.kill()

        assert none_of_them_runs_soon(pids)


def test_what_was_committed_before_a_kill_is_there_again(directory: Path) -> None:
    write_and_kill(directory)

    with supervising(directory) as second:
        assert run(second.facts["owner_url"], "SELECT n FROM kept") == "42"


def test_a_directory_may_have_any_name(directory: Path) -> None:
    strange = directory.with_name("""a "b" 'c' back\\slash\\ $d; #e \u00e9\nf""")
    with supervising(strange) as first:
        Redis.from_url(first.facts["redis_url"]).set("kept", "42")
        assert first.stop() == {"stopped": True}
    assert list((strange / "valkey-9").rglob("*.aof"))

    with supervising(strange) as second:
        assert Redis.from_url(second.facts["redis_url"]).get("kept") == b"42"


def test_a_killed_server_of_a_killed_supervisor_recovers(directory: Path) -> None:
    with supervising(directory) as first:
        run(first.facts["owner_url"], "CREATE TABLE kept (n int)")
        os.kill(int(first.facts["postgres"]), signal.SIGKILL)
        first.kill()
    assert (directory / "postgres-18" / "postmaster.pid").exists()

    with supervising(directory) as second:
        assert run(second.facts["owner_url"], "SELECT count(*) FROM kept") == "0"


def test_an_orderly_stop_keeps_everything_and_leaves_nothing_running(directory: Path) -> None:
    with supervising(directory) as first:
        run(first.facts["owner_url"], "CREATE TABLE kept (n int)")
        with Redis.from_url(first.facts["redis_url"]) as client:
            client.set("kept", "yes")
        pids = first.server_processes
        assert first.stop() == {"stopped": True}
        assert not any(is_running(pid) for pid in pids)
    assert not (directory / "postgres-18" / "postmaster.pid").exists()

    with supervising(directory) as second:
        assert run(second.facts["owner_url"], "SELECT count(*) FROM kept") == "0"
        with Redis.from_url(second.facts["redis_url"]) as client:
            assert client.get("kept") == b"yes"


def test_a_second_run_hears_who_uses_the_directory(directory: Path) -> None:
    with supervising(directory) as first, supervising(directory) as second:
        sentence = second.facts["error"]

        assert sentence.startswith(f"The data directory {directory} is in use by `pixecom up` (process ")
        assert f"(process {first.process.pid}, since 20" in sentence
        assert sentence.endswith("; stop that run, or pass another directory with --data-dir.")
        assert all(is_running(pid) for pid in first.server_processes)


def test_passwords_stay_off_command_lines_and_in_private_files(directory: Path) -> None:
    with supervising(directory) as first:
        secrets = json.loads((directory / "secrets.json").read_text())
        command_lines = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in first.server_processes)
        environments = b"".join(Path(f"/proc/{pid}/environ").read_bytes() for pid in first.server_processes)

        assert len(secrets) == 7
        assert [name for name, secret in secrets.items() if secret.encode() in command_lines + environments] == []
        assert (directory.stat().st_mode & 0o777, (directory / "secrets.json").stat().st_mode & 0o777) == (
            0o700,
            0o600,
        )
        assert (directory / "valkey.conf").stat().st_mode & 0o777 == 0o600
        assert not (directory / "initdb-password").exists()


@as_root
def test_root_without_namespaces_runs_postgres_as_nobody(directory: Path) -> None:
    write_and_kill(directory, "without-namespaces")

    with supervising(directory, "without-namespaces") as second:
        postgres = Path(f"/proc/{second.facts['postgres']}")
        assert (second.facts["identity"], postgres.stat().st_uid) == ("65534", 65534)
        assert run(second.facts["owner_url"], "SELECT n FROM kept") == "42"
        copied = (postgres / "exe").readlink()
        assert copied.is_file()
        second.stop()
        assert not copied.exists()

    with supervising(directory) as third:  # and back, where namespaces are allowed
        assert third.facts["identity"] in {"namespace", "65534"}
        assert run(third.facts["owner_url"], "SELECT n FROM kept") == "42"


def python_of_ordinary_users() -> str:
    """An interpreter that another user may run; root's own often lies in root's home."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            subprocess.run(
                [candidate, "-c", "import ctypes; open(__import__('sys').argv[1])", str(SCRIPT)],
                user=NAMELESS,
                check=True,
                cwd="/",
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    pytest.skip("no Python here that an ordinary user may run, or the checkout is private")


@pytest.fixture
def home_of_ordinary_user() -> Generator[Path]:
    """Not below pytest's folder, which is private to the user who runs the tests."""
    with TemporaryDirectory(prefix="pixecom-user-") as home:
        Path(home).chmod(0o777)  # whoever the user will be
        yield Path(home)


@as_root
@pytest.mark.parametrize("user", [NOBODY, NAMELESS])
def test_an_ordinary_user_runs_both(home_of_ordinary_user: Path, user: int) -> None:
    options = ("as-user", str(user), python_of_ordinary_users())
    directory = home_of_ordinary_user / "data"
    write_and_kill(directory, *options)

    with supervising(directory, *options) as second:
        assert second.facts["identity"] == ("same" if user == NOBODY else "namespace")
        assert Path(f"/proc/{second.facts['postgres']}").stat().st_uid == user
        assert Path(f"/proc/{second.facts['valkey']}").stat().st_uid == user
        assert run(second.facts["owner_url"], "SELECT n FROM kept") == "42"
        assert second.stop() == {"stopped": True}
