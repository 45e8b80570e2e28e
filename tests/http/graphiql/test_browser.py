"""GraphiQL in a real browser that can reach nothing but us: renders, logs in, runs a query, breaks no policy."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect

from app.http.application import ASSETS, create_application
from app.http.graphiql.page import library_names
from app.services.demo.seeding import DEMO_LOGINS, seed_demo
from tests.http.conftest import Demo, serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from starlette.applications import Starlette
    from websockets.asyncio.client import ClientConnection

    from app.configuration.settings import Settings
    from app.services.context import Services

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
OPERATION = "document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.operationName ?? ''"
TABS = "document.querySelector('.graphiql-tabs')?.innerText ?? ''"
RESULT = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''"
VARIABLES = "document.querySelector('.graphiql-editor-tool .CodeMirror')?.CodeMirror.getValue() ?? ''"
KEPT_FOR_GOOD = "JSON.stringify(Object.entries(localStorage))"
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


pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(
        not all((ASSETS / name).is_file() for name in library_names()),
        reason="the npm registry could not be reached when the package was installed",
    ),
]


async def test_graphiql_works_with_nothing_but_us(build: Callable[..., Starlette], tmp_path: Path) -> None:
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


def _choose(title: str) -> str:
    """A script that picks an entry of the Examples menu."""
    return f"""
    (() => {{
      const menu = document.querySelector('#examples select');
      menu.value = [...menu.options].find((option) => option.text === '{title}').value;
      menu.dispatchEvent(new Event('change', {{ bubbles: true }}));
    }})()
    """


NEW = "String(!window.isOld && Boolean(document.querySelector('#examples select')))"
IN_SIGHT = """
    JSON.stringify([...document.querySelectorAll('.graphiql-tab-add')].map((button) => {
      const { left, right } = button.getBoundingClientRect();
      return left > 0 && right < 1280;
    }))
"""
ACTIVE_IN_SIGHT = """
    (() => {
      const tabs = document.querySelector('.graphiql-tabs').getBoundingClientRect();
      const add = document.querySelector('.graphiql-tab-add').getBoundingClientRect();
      const active = document.querySelector('.graphiql-tab-active').getBoundingClientRect();
      return String(active.left >= tabs.left && active.right <= Math.min(add.left, 1280));
    })()
"""


async def test_examples_are_ready_to_run_and_a_reload_keeps_the_login(
    settings: Settings, services: Services, tmp_path: Path
) -> None:
    await seed_demo(services)
    application = create_application(settings.model_copy(update={"demo_login": True}))
    async with serving(application) as url, _browser(tmp_path / "profile") as tab:
        await tab.call("Emulation.setDeviceMetricsOverride", width=1280, height=800, deviceScaleFactor=1, mobile=False)
        await tab.call("Page.navigate", url=f"{url}/graphql")
        await tab.until(TABS, "StatsSynced")
        assert (await tab.evaluate(TABS)).split() == [
            "WhoAmI",
            "AdsManagerPanel",
            "DrillDown",
            "PauseAds",
            "StatsSynced",
        ]
        await tab.evaluate("document.querySelectorAll('#logins button')[0].click()")
        await tab.until(STATE, f"Every request is now sent as {DEMO_LOGINS[0].email}.")

        await tab.evaluate(_choose("Sync progress"))
        await tab.until(VARIABLES, '"runId": "')
        await tab.until(OPERATION, "SyncProgress")
        await tab.evaluate("document.querySelector('.graphiql-execute-button').click()")
        await tab.until(RESULT, '"jobsTotal": ')
        await tab.evaluate("window.isOld = true")
        await tab.call("Page.reload")
        await tab.until(NEW, "true")
        await tab.until(STATE, f"Every request is now sent as {DEMO_LOGINS[0].email}.")
        for title in ("Every metric", "Series", "Two ranges", "Behind a number", "Reconciliation", "Pages"):
            await tab.evaluate(_choose(title))
            await tab.until(EDITOR, "query " + title.title().replace(" ", ""))
            await tab.until(ACTIVE_IN_SIGHT, "true")
        assert await tab.evaluate(IN_SIGHT) == "[true]"
        await tab.evaluate(_choose("Who am I"))
        await tab.until(OPERATION, "WhoAmI")
        await tab.until(ACTIVE_IN_SIGHT, "true")
        await tab.evaluate("document.querySelector('.graphiql-execute-button').click()")
        await tab.until(RESULT, "Northwind Outdoor")
        await tab.call("Page.navigate", url=f"{url}/graphql?query=%7B%20viewer%20%7B%20role%20%7D%20%7D")
        await tab.until(EDITOR, "{ viewer { role } }")
        token = await tab.evaluate("JSON.parse(sessionStorage.getItem('pixecom.session')).token")
        kept = await tab.evaluate(KEPT_FOR_GOOD)

    faults = [event for event in tab.events if event["method"] in FAULTS]
    assert [event for event in faults if not event["params"].get("canceled")] == []  # a page that is left cancels
    assert token.count(".") == 2
    assert token not in kept
