"""Environments for programs of others that must not share ours: made by uv from a pinned list, kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / ".environments"
_READY = "ready"
_SECONDS = 300
_UNREACHABLE = (
    *("failed to fetch", "error sending request", "dns error", "timed out", "connection refused"),
    *("failed to download", "no interpreter found"),
)


def outside_environment(requirements: Path, *, python: str = sys.executable) -> Path:
    """The `bin` folder of an environment with what the file pins, and nothing else.

    `python` is an interpreter or a version that uv shall find. Skips the test where no package index is reached, or
    where there is no such Python and none can be had.
    """
    KEPT.mkdir(exist_ok=True)
    (KEPT / ".gitignore").write_text("*\n")
    with (KEPT / f"{requirements.stem}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        return _ensure(KEPT / requirements.stem, requirements, python) / "bin"


def _ensure(home: Path, requirements: Path, python: str) -> Path:
    wanted = hashlib.sha256(requirements.read_bytes() + (python + sys.version).encode()).hexdigest()
    ready = home / _READY
    if not ready.exists() or ready.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        _run("venv", "--python", python, str(home))
        own = str(home / "bin" / "python")
        _run("pip", "install", "--no-deps", "--python", own, "--requirement", str(requirements))
        ready.write_text(wanted)
    return home


def _run(*arguments: str) -> None:
    done = subprocess.run(
        [_uv(), *arguments],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | {"PATH": _path()},
    )
    if done.returncode and any(text in done.stderr.lower() for text in _UNREACHABLE):
        pytest.skip(f"the package index or a Python can't be reached: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr


def _path() -> str:
    """Where uv looks for interpreters: on the path, and among those of pyenv, whose shims find only its chosen one."""
    places = [Path(each) for each in os.environ["PATH"].split(os.pathsep)]
    shims = [place for place in places if place.name == "shims"]
    roots = {place.parent for place in shims} | {Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")}
    versions = sorted(path for root in roots for path in root.glob("versions/*/bin"))
    return os.pathsep.join(str(place) for place in (*places, *versions) if place not in shims)


def _uv() -> str:
    """The uv that `./pixecom` brings, or the machine's."""
    own = [CHECKOUT / ".uv" / place / "bin" / "uv" for place in ("venv", "target")]
    found = next((str(path) for path in own if path.exists()), None) or shutil.which("uv")
    assert found is not None, "there is no uv; ./pixecom brings it"
    return found
