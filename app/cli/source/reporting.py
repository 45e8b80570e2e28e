"""How the results of tools are shown: a line each, and the output of those that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.cli.source.tools import ToolResult


def report(results: Iterable[ToolResult], console: Console | None = None) -> bool:
    """Print each result as it comes; answer whether all tools succeeded."""
    console = console or Console(highlight=False, soft_wrap=True)
    all_succeeded = True
    for result in results:
        mark = "[green]✓[/green]" if result.succeeded else "[red]✗[/red]"
        console.print(f"{mark} {result.tool.name:<8}{result.seconds:6.1f} s")
        if not result.succeeded:
            all_succeeded = False
            console.print(f"{' '.join(result.tool.arguments)}\n{result.output.rstrip()}", markup=False)
    return all_succeeded
