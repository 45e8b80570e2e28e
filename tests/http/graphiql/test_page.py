from __future__ import annotations

import json
import re
import sys
import tarfile
from importlib import util
from io import BytesIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from strawberry.http.ides import get_graphql_ide_html

from app.http.graphiql.page import library_names
from graphql_schema.examples import list_examples
from tests.http.answers import answered
from tests.http.conftest import Demo, in_process

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette
    from starlette.types import Message, Receive, Scope, Send

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
HOOK = Path(__file__).parents[3] / "app" / "http" / "graphiql" / "build.py"


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """A folder that holds a file under each of the libraries' names."""
    for name in library_names():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"/* {name} */")
    return tmp_path


async def _page(application: Starlette) -> tuple[str, str]:
    async with in_process(application) as client:
        response = await client.get("/graphql", headers={"Accept": BROWSER})
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return response.text, response.headers["content-security-policy"]


async def test_with_its_files_the_page_names_no_other_host(build: Callable[..., Starlette], assets: Path) -> None:
    html, policy = await _page(build(assets=assets))

    assert re.findall(r"https?://", html) == []
    assert [name for name in library_names() if f'"/graphql/assets/{name}"' not in html] == []
    assert html.count("integrity=") == len(library_names()) == 7
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "notice" not in html


async def test_nothing_on_the_page_is_inline_script_or_style(build: Callable[..., Starlette], assets: Path) -> None:
    html, _ = await _page(build(assets=assets))

    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", html)
    assert inline == [' type="application/json" id="page-data"']
    assert re.findall(r"<style|\son\w+=|\sstyle=", html) == []


async def test_without_its_files_the_page_takes_the_cdn_and_says_so(
    build: Callable[..., Starlette],
    assets: Path,
) -> None:
    (assets / library_names()[-1]).unlink()
    html, policy = await _page(build(assets=assets))

    assert "GraphiQL comes from unpkg.com" in html
    assert [name for name in library_names() if f'"https://unpkg.com/{name}"' not in html] == []
    assert "script-src 'self' https://unpkg.com/;" in policy


async def test_the_libraries_are_served_and_kept_by_browsers(build: Callable[..., Starlette], assets: Path) -> None:
    async with in_process(build(assets=assets)) as client:
        responses = [await client.get(f"/graphql/assets/{name}") for name in library_names()]
        outside = await client.get("/graphql/assets/%2e%2e/graphiql.py")
        script = await client.get("/graphql/page/graphiql.js")

    assert [(item.status_code, item.text) for item in responses] == [(200, f"/* {name} */") for name in library_names()]
    assert {item.headers["cache-control"] for item in responses} == {"public, max-age=31536000, immutable"}
    assert outside.status_code == 404
    assert script.headers["content-type"].startswith("text/javascript")


async def test_readers_of_a_file_share_its_bytes(build: Callable[..., Starlette], assets: Path) -> None:
    """However slowly they read, none has a copy; nor by asking for a part."""
    application, path = build(assets=assets), f"/graphql/assets/{library_names()[0]}"
    bodies: list[bytes] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def watching(message: Message) -> None:
            if message["type"] == "http.response.body":
                bodies.append(message["body"])
            await send(message)

        await application(scope, receive, watching)

    async with (
        in_process(application) as client,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=watched), base_url=client.base_url) as reader,
    ):
        first = await reader.get(path)
        part = await reader.get(path, headers={"Range": "bytes=1-2"})
        again = await reader.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert [item.status_code for item in (first, part, again)] == [200, 200, 304]
    assert "accept-ranges" not in first.headers
    assert bodies[0] is bodies[1]
    assert bodies[0] == (assets / library_names()[0]).read_bytes()


async def test_examples_and_demo_logins_are_on_the_page(build: Callable[..., Starlette]) -> None:
    html, _ = await _page(build(demo_logins=(Demo("A </script><b>", "owner@a.test", "pw"),)))
    [data] = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)

    parsed = json.loads(data)
    assert parsed["logins"] == [{"sellerName": "A </script><b>", "email": "owner@a.test", "password": "pw"}]
    assert parsed["examples"] == [
        {"title": item.title, "document": item.document, "variables": item.variables, "isTab": item.is_tab}
        for item in list_examples()
    ]
    assert [item["title"] for item in parsed["examples"] if item["isTab"]] == [
        "Who am I",
        "Ads manager panel",
        "Drill down",
        "Pause ads",
        "Stats synced",
    ]
    assert parsed["examples"][0]["document"].startswith("# Who the access token stands for.")


async def test_without_graphiql_a_browser_gets_no_page(build: Callable[..., Starlette]) -> None:
    async with in_process(build(graphiql=False)) as client:
        page = await client.get("/graphql", headers={"Accept": BROWSER})
        script = await client.get("/graphql/page/graphiql.js")

    assert (page.status_code, script.status_code) == (400, 404)
    assert page.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_client_that_takes_anything_gets_no_page(build: Callable[..., Starlette]) -> None:
    async with in_process(build()) as client:
        response = await client.get("/graphql", params={"query": "{ hello }"}, headers={"Accept": "*/*"})

    assert answered(response.json()) == {"data": {"hello": "hello world"}}


class _Interface:
    """In the place of hatchling's base class, which is there while a package is built only."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.said: list[str] = []
        self.app = SimpleNamespace(display_info=self.said.append, display_warning=self.said.append)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Any:
    interface = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = _Interface  # pyright: ignore[reportAttributeAccessIssue]  # a module made here
    for name in ("hatchling", "hatchling.builders", "hatchling.builders.hooks", "hatchling.builders.hooks.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin.interface", interface)
    spec = util.spec_from_file_location("graphiql.build", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pack_with(content: bytes) -> Callable[[list[str], str], None]:
    """In the place of `npm pack`: archives in which every file has the same content."""

    def pack(packages: list[str], directory: str) -> None:
        for package in packages:
            archive = Path(directory, package.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz")
            with tarfile.open(archive, "w:gz") as packed:
                for name in (item for item in library_names() if item.startswith(f"{package}/")):
                    member = tarfile.TarInfo("package/" + name.removeprefix(f"{package}/"))
                    member.size = len(content)
                    packed.addfile(member, BytesIO(content))

    return pack


def test_the_build_knows_the_files_and_hashes_of_strawberrys_page(hook: Any) -> None:
    named = re.findall(r'https://unpkg\.com/([^"]+)"\s+integrity="([^"]+)"', get_graphql_ide_html())

    assert dict(named) == hook.FILES
    assert tuple(hook.FILES) != ()
    assert sorted(hook.FILES) == sorted(library_names())


def test_the_build_takes_no_file_under_another_hash(hook: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hook, "_npm_pack", _pack_with(b"alert(1)"))
    build = hook.GraphiqlBuildHook(tmp_path)
    data: dict[str, Any] = {"artifacts": []}
    build.initialize("standard", data)

    assert build.said[0] == "Fetching 7 files of GraphiQL from the npm registry"
    assert re.fullmatch(
        r"GraphiQL will load from its CDN: \S+ is not the file that Strawberry's page asks for",
        build.said[1],
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert data == {"artifacts": ["app/http/graphiql_assets/**"]}


def test_the_build_fetches_once(hook: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = b"the file"
    monkeypatch.setattr(hook, "FILES", dict.fromkeys(hook.FILES, hook._integrity(content)))
    monkeypatch.setattr(hook, "_npm_pack", _pack_with(content))
    first, second = hook.GraphiqlBuildHook(tmp_path), hook.GraphiqlBuildHook(tmp_path)
    first.initialize("editable", {"artifacts": []})
    second.initialize("editable", {"artifacts": []})

    target = tmp_path / "app" / "http" / "graphiql_assets"
    assert first.said == ["Fetching 7 files of GraphiQL from the npm registry"]
    assert second.said == []
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()) == sorted(hook.FILES)


def test_the_build_goes_on_without_the_registry(hook: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreachable(_packages: list[str], _directory: str) -> None:
        raise ValueError("npm pack failed: npm error code ECONNREFUSED")

    monkeypatch.setattr(hook, "_npm_pack", unreachable)
    build = hook.GraphiqlBuildHook(tmp_path)
    build.initialize("editable", {"artifacts": []})

    assert build.said[1] == "GraphiQL will load from its CDN: npm pack failed: npm error code ECONNREFUSED"
