"""What a process imports at its start, which takes most of a start's time: counted, since counts don't vary.

Folders of ours are not counted: they hold nothing but a docstring.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SERVERS = {"alembic", "asyncpg", "graphql", "redis", "sqlalchemy", "starlette", "strawberry", "taskiq", "uvicorn"}
OURS = {"app", "graphql_schema", "workers"}
SCRIPT = """
import json, sys, {module}
print(json.dumps([[name, hasattr(module, "__path__")] for name, module in sys.modules.items()]))
"""


def modules_after(module: str) -> set[str]:
    command = [sys.executable, "-c", SCRIPT.format(module=module)]
    imported = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    return {name for name, is_folder in imported if not (is_folder and name.partition(".")[0] in OURS)}


@pytest.mark.parametrize(
    ("module", "at_most", "needed"),
    [
        ("app.cli.main", 240, set[str]()),
        ("app.cli.instance.run", 340, {"asyncpg"}),
        ("app.providers.sandbox.application", 520, {"starlette"}),
        ("workers.process", 1320, {"asyncpg", "redis", "sqlalchemy", "starlette", "taskiq", "uvicorn"}),
        ("workers.scheduler", 1320, {"asyncpg", "redis", "sqlalchemy", "starlette", "taskiq", "uvicorn"}),
        ("app.http.application", 1840, SERVERS - {"alembic", "uvicorn"}),
    ],
)
def test_a_process_imports_what_it_needs(module: str, at_most: int, needed: set[str]) -> None:
    """`app.cli.main` is every command's part, and all of `--help`."""
    imported = modules_after(module)

    assert imported & SERVERS == needed
    assert len(imported) <= at_most
