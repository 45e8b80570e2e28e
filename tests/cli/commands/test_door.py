"""./pixecom, the POSIX-sh script: what it says where it can't go on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOOR = Path(__file__).resolve().parents[3] / "pixecom"
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
    return subprocess.run(
        [str(door), "--help"], env={"PATH": path}, cwd="/", capture_output=True, text=True, check=False, timeout=60
    )


def test_it_is_executable_and_posix_sh() -> None:
    assert os.access(DOOR, os.X_OK)
    assert DOOR.read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["/bin/sh", "-n", str(DOOR)], check=False).returncode == 0


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


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is there, with a command that says that it runs."""
    scripts = tmp_path / "checkout" / ".venv" / "bin"
    scripts.mkdir(parents=True)
    shutil.copy(DOOR, tmp_path / "checkout" / "pixecom")
    (scripts / "pixecom").write_text('#!/bin/sh\necho "$PIXECOM_COMMAND runs $*"\n')
    (scripts / "pixecom").chmod(0o755)
    return tmp_path / "checkout"


def put_uv(path: str, sync: str) -> Path:
    """A uv whose `sync` is these lines of sh, and the file that counts its calls."""
    (Path(path) / "python3").symlink_to(sys.executable)
    uv, calls = Path(path) / "uv", Path(path) / "calls"
    calls.touch()
    uv.write_text(f'#!/bin/sh\n[ "$1" = sync ] || exit 0\necho sync >>{calls}\n{sync}\n')
    uv.chmod(0o755)
    return calls


def test_an_index_behind_an_authority_of_this_machine_is_reached_without_a_word(bare_path: str, checkout: Path) -> None:
    calls = put_uv(
        bare_path,
        '[ "${UV_SYSTEM_CERTS:-}" = true ] && exit 0; echo "invalid peer certificate: UnknownIssuer" >&2; exit 1',
    )

    ended = run(bare_path, checkout / "pixecom")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{checkout}/pixecom runs --help\n", "")
    assert calls.read_text() == "sync\n" * 2


@pytest.mark.parametrize(("reason", "tries"), [("invalid peer certificate: Expired", 2), ("dns error", 1)])
def test_a_sync_that_fails_says_why(bare_path: str, checkout: Path, reason: str, tries: int) -> None:
    calls = put_uv(bare_path, f'echo "{reason}" >&2; exit 1')

    ended = run(bare_path, checkout / "pixecom")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"{reason}\nThe dependencies could not be installed (uv's message is above).\n"
    assert calls.read_text() == "sync\n" * tries


def test_what_uv_says_in_passing_is_shown(bare_path: str, checkout: Path) -> None:
    put_uv(bare_path, 'echo "warning: something" >&2')

    ended = run(bare_path, checkout / "pixecom")

    assert (ended.returncode, ended.stdout, ended.stderr) == (
        0,
        f"{checkout}/pixecom runs --help\n",
        "warning: something\n",
    )
