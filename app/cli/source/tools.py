"""The tools that check and fix the source, and their results."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from app.cli.printing.places import CHECKOUT, require_checkout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


NO_CHECKOUT = "The source is in the checkout; run this as `./pixecom` there."


class Tool(NamedTuple):
    """A program of this environment, run in the checkout: it succeeds with exit code 0."""

    name: str
    arguments: tuple[str, ...]


class ToolResult(NamedTuple):
    """`output`: what it printed on both streams; `seconds`: how long it took."""

    tool: Tool
    succeeded: bool
    output: str
    seconds: float


CHECKS = (
    Tool("format", ("ruff", "format", "--check", ".")),
    Tool("lint", ("ruff", "check", ".")),
    Tool("layers", ("lint-imports",)),
    Tool("schema", ("python", "-m", "graphql_schema.sdl", "--check")),
    Tool("types", ("pyright",)),
)
FIXES = (
    Tool("lint", ("ruff", "check", "--fix", ".")),
    Tool("format", ("ruff", "format", ".")),
    Tool("schema", ("python", "-m", "graphql_schema.sdl", "--write")),
)


def run_side_by_side(tools: Sequence[Tool]) -> Iterator[ToolResult]:
    """Run all tools at once, and yield their results in the given order, each as soon as it is there."""
    require_checkout(NO_CHECKOUT)
    with ThreadPoolExecutor(len(tools)) as threads:
        yield from threads.map(_run, tools)


def run_in_turn(tools: Sequence[Tool]) -> Iterator[ToolResult]:
    """Run one tool after the other."""
    require_checkout(NO_CHECKOUT)
    yield from map(_run, tools)


def _run(tool: Tool) -> ToolResult:
    program, *arguments = tool.arguments
    started = time.monotonic()
    ended = subprocess.run(  # noqa: S603  # the tools above
        [Path(sys.executable).with_name(program), *arguments],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ToolResult(tool, ended.returncode == 0, ended.stdout, time.monotonic() - started)
