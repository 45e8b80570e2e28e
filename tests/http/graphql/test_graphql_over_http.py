"""The audit of https://github.com/graphql/graphql-http against our endpoint."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.http.conftest import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

AUDIT = Path(__file__).with_name("graphql_http_audit.mjs")
PACKAGES = ("graphql-http@1.23.1", "graphql@16.15.0")


async def _run(*command: str, cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.fixture(scope="session")
async def audit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node and npm are needed for the graphql-http audit and are not installed")
    folder = tmp_path_factory.mktemp("audit")
    (folder / "package.json").write_text('{"private": true}')
    await _run("npm", "install", "--silent", "--no-audit", "--no-fund", *PACKAGES, cwd=folder)
    return folder


@pytest.mark.conformance
async def test_every_check_of_the_audit_is_passed(audit_folder: Path, build: Callable[..., Starlette]) -> None:
    async with serving(build()) as url:
        output = await _run("node", str(AUDIT), f"{url}/graphql", cwd=audit_folder)

    results = json.loads(output)
    assert [item for item in results if item["status"] != "ok"] == []
    assert len(results) == 61
