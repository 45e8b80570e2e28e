"""Meta is reached through the proxy that the environment names, our sandbox never; the proxy's failures name it."""

from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import SecretStr

from app.errors import PlatformUnreachableError, ProviderError, SetupError
from app.providers.meta.provider import MetaProvider
from app.providers.proxies import doubt_exceptions, open_platform_http, proxy_of
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
async def refusing_proxy(asked: list[bytes], answer: str = "407 Proxy Authentication Required") -> AsyncGenerator[str]:
    """A proxy that lets nobody through, and notes what for; gives its address."""

    async def refuse(client: StreamReader, to_client: StreamWriter) -> None:
        asked.append((await client.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        to_client.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
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
    assert str(error) == (
        f"Meta could not be reached through the proxy {address}, which answered 407 Proxy Authentication Required"
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [("403 Forbidden", "403 Forbidden"), ("502", "502"), ("407 for made-up-token", "407 for [secret]")],
)
async def test_what_a_proxy_answers_is_told(monkeypatch: pytest.MonkeyPatch, answer: str, said: str) -> None:
    async with refusing_proxy([], answer) as address:
        monkeypatch.setenv("HTTPS_PROXY", address)
        error = await failure_of(META)
    assert type(error) is PlatformUnreachableError
    assert str(error) == f"Meta could not be reached through the proxy {address}, which answered {said}"


async def test_a_proxy_that_wants_a_password_for_an_unencrypted_call_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with refusing_proxy([]) as address:
        monkeypatch.setenv("HTTP_PROXY", f"http://operator:made-up-pw@{address}")
        error = await failure_of("http://graph.example")
        transparent = await failure_of(f"http://{address}")
    end = "which answered 407 Proxy Authentication Required"
    assert (type(error), type(transparent)) == (PlatformUnreachableError, PlatformUnreachableError)
    assert str(error) == f"Meta could not be reached through the proxy {address}, {end}"
    assert str(transparent) == f"Meta could not be reached through a proxy, {end}"


async def test_a_proxys_login_is_sent_as_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []

    async def note(client: StreamReader, to_client: StreamWriter) -> None:
        sent.append(await client.readuntil(b"\r\n\r\n"))
        to_client.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    monkeypatch.setenv("HTTPS_PROXY", f"http://operator:p@ss%3Aw@127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await failure_of(META)
    server.close()
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"operator:p@ss:w") in sent[0]


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
    with pytest.raises(SetupError, match="ALL_PROXY must name an HTTP proxy") as caught:
        open_platform_http(META, timeout=TIMEOUT)
    assert "proxy.example:1080" in str(caught.value)
    assert "made-up-pw" not in str(caught.value)


def test_who_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "facebook.com")
    hosts = ("graph.example", "graph.facebook.com", "localhost", "127.0.0.2", "[::1]")
    assert [proxy_of(f"https://{host}/v27.0") for host in hosts] == ["proxy.example:3128", None, None, None, None]


@pytest.mark.parametrize(
    ("no_proxy", "is_excepted"),
    [
        ("*", True),
        ("localhost,*", True),
        ("graph.facebook.com", True),
        ("FACEBOOK.com.", True),
        (".facebook.com", True),
        ("*.facebook.com", True),
        ("localhost graph.facebook.com", True),
        ("localhost, graph.facebook.com:443", True),
        ("https://graph.facebook.com/", True),
        ("graph.facebook.com:8443", False),
        ("http://graph.facebook.com", False),
        ("book.com", False),
        ("*facebook*,graph.facebook.com:x,[::1,10.0.0.0/99,a/b,.", False),
        ("localhost,127.0.0.1,[::1],fe80::/10", False),
        ("", False),
    ],
)
async def test_exceptions_mean_what_they_mean_to_others(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, *, is_excepted: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{NOBODY}")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert proxy_of(META) == (None if is_excepted else NOBODY)
    async with open_platform_http(META, timeout=TIMEOUT):
        pass


@pytest.mark.parametrize(
    ("no_proxy", "excepted"),
    [
        ("10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.2.3:443", "10.1.2.3"),
        ("2001:db8::/32", "[2001:db8::5]"),
        ("[2001:db8::5]", "[2001:db8::5]"),
        ("[2001:db8::5]:443", "[2001:db8:0::5]"),
        ("2001:db8::5", "[2001:db8::5]"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
    ],
)
def test_addresses_and_networks_are_exceptions(monkeypatch: pytest.MonkeyPatch, no_proxy: str, excepted: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert proxy_of(f"https://{excepted}/v27.0") is None
    assert {proxy_of(f"https://{host}") for host in ("11.1.2.3", "[2001:db9::5]")} == {"proxy.example:3128"}
    assert doubt_exceptions() is None


def test_exceptions_that_can_not_be_read_are_told_without_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "localhost,*facebook*,http://u:made-up-pw@host")
    assert doubt_exceptions() == "no_proxy: entries 2 and 3 can't be read and are ignored."


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({"https_proxy": "http://one:1", "all_proxy": "socks5://two:2"}, "one:1"),
        ({"HTTPS_PROXY": "one:1", "HTTP_PROXY": "socks5://two:2", "ALL_PROXY": "ftp://x"}, "one:1"),
        ({"https_proxy": "http://one:1", "HTTPS_PROXY": "socks5://two:2"}, "one:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "socks5://two:2"}, None),
        ({"https_proxy": "", "ALL_PROXY": "HTTPS://one"}, "one"),
        ({"HTTP_PROXY": "socks5://two:2"}, None),
        ({"ALL_PROXY": "socks5://two:2", "NO_PROXY": "facebook.com"}, None),
    ],
)
async def test_only_the_proxy_that_is_used_must_be_usable(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], proxy: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    async with open_platform_http(META, timeout=TIMEOUT):
        assert proxy_of(META) == proxy


@pytest.mark.parametrize("host", ["LOCALHOST", "localhost.", "sandbox.localhost", "127.0.0.2", "[::ffff:127.0.0.1]"])
def test_this_machine_by_its_other_names(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://two:2")
    assert proxy_of(f"http://{host}:5") is None
