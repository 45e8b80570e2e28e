"""GraphiQL in a real browser that can reach nothing but us: renders, logs in, runs a query, breaks no policy."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect

from app.http.application import ASSETS
from app.http.graphiql import library_names
from tests.http.conftest import Demo, serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from starlette.applications import Starlette
    from websockets.asyncio.client import ClientConnection

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
    "about:blank",
)
EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getValue() ?? ''"
TABS = "document.querySelector('.graphiql-tabs')?.innerText ?? ''"
RESULT = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''"
STATE = "document.getElementById('login-state')?.textContent ?? ''"
FAULTS = {"Log.entryAdded", "Runtime.exceptionThrown", "Network.loadingFailed"}


class _Tab:
    """One page of the browser, over the Chrome DevTools protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0
        self.events: list[dict[str, Any]] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        await self._connection.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            message: dict[str, Any] = json.loads(await self._connection.recv())
            if message.get("id") == self._last:
                return message["result"]
            self.events.append(message)

    async def evaluate(self, script: str) -> Any:
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    async def until(self, script: str, wanted: str) -> None:
        async with asyncio.timeout(20):
            while wanted not in await self.evaluate(script):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def _browser(profile: Path) -> AsyncGenerator[_Tab]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program,
        f"--user-data-dir={profile}",
        *FLAGS,
        stdout=quiet,
        stderr=quiet,
    )
    try:
        async with connect(await _debugger(profile), max_size=None, proxy=None) as connection:
            yield await _attached(connection)
    finally:
        process.kill()
        await process.wait()


async def _debugger(profile: Path) -> str:
    file = profile / "DevToolsActivePort"
    async with asyncio.timeout(20):
        while not (file.exists() and len(file.read_text().splitlines()) == 2):
            await asyncio.sleep(0.05)
    port, path = file.read_text().splitlines()
    return f"ws://127.0.0.1:{port}{path}"


async def _attached(connection: ClientConnection) -> _Tab:
    """The browser's own session has no page: open one and send everything there."""
    tab = _Tab(connection)
    target = await tab.call("Target.createTarget", url="about:blank")
    session = await tab.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    send = connection.send

    async def to_page(message: Any, *_: Any) -> None:
        await send(json.dumps({**json.loads(message), "sessionId": session["sessionId"]}))

    connection.send = to_page  # pyright: ignore[reportAttributeAccessIssue]  # the same call, with the session named
    for domain in ("Runtime", "Log", "Network", "Page"):
        await tab.call(f"{domain}.enable")
    return tab


@pytest.mark.conformance
async def test_graphiql_works_with_nothing_but_us(build: Callable[..., Starlette], tmp_path: Path) -> None:
    if not all((ASSETS / name).is_file() for name in library_names()):
        pytest.skip("the npm registry could not be reached when the package was installed")
    wrong, right = Demo("Hats", "owner@hats.test", "no"), Demo("Shoes", "owner@shoes.test", "pw")
    application = build(assets=ASSETS, demo_logins=(wrong, right))
    async with serving(application) as url, _browser(tmp_path / "profile") as tab:
        await tab.call("Page.navigate", url=f"{url}/graphql?query=%7B%20whoami%20%7D")
        await tab.until(EDITOR, "{ whoami }")
        await tab.until(TABS, "WhoAmI")
        await tab.evaluate("document.querySelectorAll('#logins button')[0].click()")
        await tab.until(STATE, "Not logged in: The password is wrong.")
        await tab.evaluate("document.querySelectorAll('#logins button')[1].click()")
        await tab.until(STATE, "Every request is now sent as owner@shoes.test.")
        await tab.evaluate("document.querySelector('.graphiql-execute-button').click()")
        await tab.until(RESULT, '"whoami": "019a0000-0000-7000-8000-00000000000f"')
        for name in ("Show Documentation Explorer", "Show GraphiQL Explorer"):
            await tab.evaluate(f"document.querySelector('[aria-label=\"{name}\"]').click()")
        await tab.until("document.querySelector('.graphiql-plugin').innerText", "hello")

    assert [event for event in tab.events if event["method"] in FAULTS] == []
    hosts = {
        event["params"]["request"]["url"].removeprefix(url)[:8]
        for event in tab.events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert hosts == {"/graphql", "data:fon"}
