"""Meta is reached through the proxy that the environment names, our sandbox never; the proxy's failures name it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app.errors import PlatformUnreachableError, ProviderError, SetupError
from app.providers.meta.provider import MetaProvider
from app.providers.proxies import open_platform_http, proxy_of
from tests.sandbox.serving import serving
from tests.sandbox.small_world import WORLD

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncGenerator

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
META = "https://graph.facebook.com"
TIMEOUT = httpx.Timeout(5.0)
NOBODY = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@asynccontextmanager
async def refusing_proxy(asked: list[bytes]) -> AsyncGenerator[str]:
    """A proxy that lets nobody through, and notes what for; gives its address."""

    async def refuse(client: StreamReader, to_client: StreamWriter) -> None:
        asked.append((await client.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        to_client.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await to_client.drain()
        to_client.close()
        await to_client.wait_closed()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def failure_of(graph_url: str) -> ProviderError:
    """What asking this Graph for an account raises."""
    async with open_platform_http(graph_url, timeout=TIMEOUT) as client:
        provider = MetaProvider(
            client,
            graph_url=graph_url,
            api_version="v27.0",
            account_external_id="act_1",
            access_token=SecretStr("made-up-token"),
        )
        with pytest.raises(ProviderError) as caught:
            await provider.get_account()
    return caught.value


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
async def test_meta_is_reached_through_the_proxy_which_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked: list[bytes] = []
    async with refusing_proxy(asked) as address:
        monkeypatch.setenv(name, f"http://operator:made-up-pw@{address}")
        error = await failure_of(META)
    assert asked == [b"CONNECT graph.facebook.com:443 HTTP/1.1"]
    assert type(error) is PlatformUnreachableError
    assert str(error) == f"Meta could not be reached through the proxy {address}: ProxyError"


async def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://operator:made-up-pw@{NOBODY}")
    assert str(await failure_of(META)) == f"Meta could not be reached through the proxy {NOBODY}: ConnectError"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
async def test_a_server_of_this_machine_is_reached_directly(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, f"http://{NOBODY}")
    with serving(WORLD) as url:
        for graph_url in (url, META):  # the same client may be pointed at a sandbox later
            async with open_platform_http(graph_url, timeout=TIMEOUT) as client:
                assert (await client.get(f"{url}/sandbox")).status_code == 200
    assert str(await failure_of("http://127.0.0.1:1")) == "Meta could not be reached: ConnectError"


@pytest.mark.parametrize("proxy", ["socks4://operator:made-up-pw@proxy.example:1080", "ftp://proxy.example:1080"])
def test_a_proxy_of_another_kind_is_a_matter_of_settings(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(SetupError, match="must name HTTP proxies") as caught:
        open_platform_http(META, timeout=TIMEOUT)
    assert "proxy.example:1080" in str(caught.value)
    assert "made-up-pw" not in str(caught.value)


def test_who_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "facebook.com")
    hosts = ("graph.example", "graph.facebook.com", "localhost", "127.0.0.2", "[::1]")
    assert [proxy_of(f"https://{host}/v27.0") for host in hosts] == ["proxy.example:3128", None, None, None, None]
