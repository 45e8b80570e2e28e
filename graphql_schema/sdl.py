"""The schema as text. `python -m graphql_schema.sdl --write` writes it to schema.graphql, where a test expects it."""

from __future__ import annotations

import sys
from pathlib import Path

from graphql_schema.schema import schema

FILE = Path(__file__).with_name("schema.graphql")


def sdl() -> str:
    """The definitions, with a newline at the end."""
    return f"{schema.as_str().strip()}\n"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        FILE.write_text(sdl(), encoding="utf-8")
    else:
        sys.stdout.write(sdl())
