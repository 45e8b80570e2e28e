"""The schema as text. As a program: printed, written to schema.graphql (`--write`), or compared with it (`--check`)."""

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
    elif "--check" in sys.argv[1:]:
        if FILE.read_text(encoding="utf-8") != sdl():
            sys.exit(f"{FILE.name} differs from the code; `./pixecom fix` writes it.")
    else:
        sys.stdout.write(sdl())
