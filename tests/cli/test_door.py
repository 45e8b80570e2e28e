"""./pixecom, the POSIX-sh script: what it says where it can't go on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DOOR = Path(__file__).resolve().parents[2] / "pixecom"
TOOLS = ("sh", "dirname", "readlink", "cut", "rm", "mkdir")


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with the tools that the script uses, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return str(folder)


def run(path: str, door: Path = DOOR) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # the script is ours
        [str(door), "--help"], env={"PATH": path}, cwd="/", capture_output=True, text=True, check=False, timeout=60
    )


def test_it_is_executable_and_posix_sh() -> None:
    assert os.access(DOOR, os.X_OK)
    assert DOOR.read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["/bin/sh", "-n", str(DOOR)], check=False).returncode == 0  # noqa: S603  # likewise


def test_without_a_python_it_says_what_to_install(bare_path: str) -> None:
    ended = run(bare_path)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "PixEcom Ads needs Python 3.11 or newer, and there is none on the PATH: "
        "install one, or name it in PIXECOM_PYTHON.\n"
    )


def test_an_old_python_is_none(bare_path: str) -> None:
    old = Path(bare_path) / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    assert run(bare_path).stderr.startswith("PixEcom Ads needs Python 3.11 or newer")


def test_it_finds_its_checkout_through_a_link(bare_path: str, tmp_path: Path) -> None:
    link = tmp_path / "pixecom"
    link.symlink_to(DOOR)

    assert run(bare_path, link).returncode == 2
