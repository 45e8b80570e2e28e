"""Every benchmark runs, at its smallest scale. The figures are not looked at, only whether it ends well."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).with_name("README.md")
SMALLEST = {
    "data": ("--scale", "small"),
    "run": ("--scale", "small", "--rounds", "1", "--seconds", "0.2", "--connections", "1"),
    "orders": ("--scale", "orders_small", "--rounds", "1"),
    "ingest": ("--rounds", "1", "--ads", "100", "--history", "1"),
    "tick": ("--rounds", "1", "--sellers", "1"),
    "latency": ("--rounds", "1", "--at-once", "2"),
    "memory": ("--warm", "1", "--jobs", "2"),
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the servers of all commands keep their data."""
    return tmp_path_factory.mktemp("benchmarks")


@pytest.mark.slow
@pytest.mark.parametrize("command", SMALLEST)
def test_it_ends_well(command: str, directory: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", command, *SMALLEST[command], "--data-dir", str(directory)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert ended.returncode == 0, ended.stderr[-3000:]
    assert ended.stdout.strip()


def test_the_readme_names_no_other_command() -> None:
    assert set(re.findall(r"tests\.benchmarks (\w+)", README.read_text(encoding="utf-8"))) == set(SMALLEST)
