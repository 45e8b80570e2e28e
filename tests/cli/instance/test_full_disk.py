"""`up` on a disk of its own that becomes full: it says so, and goes on by itself when there is room again.

The disk is a tmpfs in a namespace that `up` has for itself; whatever it may be run as, root or anybody else.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.running import PROCESSES, Up

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.slow

DISK_MEGABYTES = 400
MOUNT = "mount -t tmpfs -o size={}m tmpfs {}"
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec")


def _can_mount(place: Path) -> bool:
    try:
        tried = subprocess.run([*UNSHARE, MOUNT.format(1, shlex.quote(str(place)))], check=False, capture_output=True)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


class SmallDiskUp(Up):
    """A run whose disk has no more than this left at its start."""

    def __init__(self, place: Path, output: Path, *, megabytes_left: int = DISK_MEGABYTES) -> None:
        self._place, self._left = place, megabytes_left
        super().__init__(place / "data", output)

    def wrapped(self, command: list[str]) -> list[str]:
        place = shlex.quote(str(self._place))
        used = DISK_MEGABYTES - self._left
        script = f"{MOUNT.format(DISK_MEGABYTES, place)}; head -c {used}m /dev/zero > {place}/filler"
        return [*UNSHARE, f'{script}; exec "$0" "$@"', *command]

    def settle(self) -> None:
        """From outside its disk is found by way of the process."""
        inside = f"/proc/{self.process.pid}/root"
        self.data = self.data.__class__(f"{inside}{self.data}")
        self.filler = self.data.parent / "filler"

    def fill(self) -> None:
        """Until nothing more can be written."""
        with self.filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError:
                pass
        assert self.free == 0

    def make_room(self) -> None:
        self.filler.unlink()

    @property
    def free(self) -> int:
        return os.statvfs(self.data.parent).f_bavail

    def until_it_says(self, words: str) -> None:
        self.wait_until(lambda: words in self.text)

    def is_ready(self) -> bool:
        """The api, the worker and the scheduler reach all they need."""
        ports = (self.port, self.instance["worker_health_port"], self.instance["scheduler_health_port"])
        return all(_is_ready(f"http://127.0.0.1:{port}/readyz") for port in ports)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the disk is mounted."""
    directory = tmp_path / "disk"
    directory.mkdir()
    if not _can_mount(directory):
        pytest.skip("this machine lets nobody mount a disk in a user namespace")
    return directory


@pytest.fixture
def run(place: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Generator[SmallDiskUp]:
    left: int = getattr(request, "param", DISK_MEGABYTES)
    started = SmallDiskUp(place, tmp_path / "output", megabytes_left=left)
    yield started
    started.process.kill()
    started.process.wait()


def _end(run: SmallDiskUp) -> None:
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 0


def test_all_goes_on_by_itself_once_there_is_room_again(run: SmallDiskUp) -> None:
    run.until_it_says("PixEcom Ads is running.")
    before = run.instance["processes"]
    run.run("sync")
    run.fill()
    for name in ("valkey", "postgres", "worker", "api"):
        os.kill(before[name], signal.SIGKILL)
    run.until_it_says("is full (0.")  # what a killed server held is free again
    run.until_it_says(" MB of 419.4 MB free). Free some space there: until then servers fail and work waits")
    said = run.try_to_run("doctor", "--json")
    findings = {each["check"]: each for each in json.loads(said.stdout)}
    assert (said.returncode, findings["disk"]["ok"]) == (1, False)
    assert "is full (0." in findings["disk"]["detail"]
    assert " MB of 419.4 MB free): free some space there." in findings["disk"]["detail"]
    assert "correct DATABASE_URL" not in said.stdout
    token = run.try_to_run("token")
    assert (token.returncode, token.stderr.count("\n"), "Traceback" in token.stderr) == (1, 1, False)
    postgres_log = run.data / "logs" / "postgres.log"
    run.wait_until(lambda: "No space left on device" in postgres_log.read_text(errors="replace"))

    run.make_room()
    run.until_it_says(" has space again (")
    run.wait_until(lambda: run.instance["processes"].keys() == PROCESSES and run.is_ready())
    assert run.text.count("is full (") == 1
    assert "Traceback" not in run.text
    runs = json.loads(run.run("sync", "--wait", "--json").splitlines()[-1])
    assert {each["state"] for each in runs} == {"SUCCEEDED"}
    status = json.loads(run.run("status", "--json"))
    assert (status["isWell"], status["failuresTotal"]) == (True, 0)
    assert json.loads(run.run("check stats", "--json"))["differences"] == 0
    _end(run)


@pytest.mark.parametrize("run", [8], indirect=True)
def test_a_start_on_a_full_disk_waits_for_room(run: SmallDiskUp) -> None:
    run.until_it_says("is full (8.4 MB of 419.4 MB free)")
    assert "PostgreSQL" not in run.text
    run.make_room()
    run.until_it_says(" has space again (")
    run.until_it_says("PixEcom Ads is running.")
    run.wait_until(run.is_ready)
    _end(run)


@pytest.mark.parametrize("run", [60], indirect=True)
def test_a_start_that_fills_the_disk_begins_again_when_there_is_room(run: SmallDiskUp) -> None:
    run.until_it_says("is full (")
    run.make_room()
    run.until_it_says("PixEcom Ads is running.")
    run.wait_until(run.is_ready)
    assert json.loads(run.run("check stats", "--json"))["differences"] == 0
    _end(run)


def test_free_space_stands_in_the_metrics_and_is_little_before_it_is_none(run: SmallDiskUp) -> None:
    run.until_it_says("PixEcom Ads is running.")
    health = run.instance["worker_health_port"]
    scraped = httpx.get(f"http://127.0.0.1:{health}/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in scraped.splitlines() if line.startswith("pixecom_disk_"))
    assert float(figures['pixecom_disk_size_bytes{directory="DATA"}']) == DISK_MEGABYTES << 20
    assert 0 < float(figures['pixecom_disk_free_bytes{directory="DATA"}']) < DISK_MEGABYTES << 20
    disk = os.statvfs(run.data.parent)
    run.filler.write_bytes(bytes(disk.f_bavail * disk.f_frsize - (18 << 20)))
    run.until_it_says("is nearly full (1")
    status = run.try_to_run("status", "--json")
    assert status.returncode == 1
    assert json.loads(status.stdout)["advice"][0].startswith("The disk ")
    _end(run)
