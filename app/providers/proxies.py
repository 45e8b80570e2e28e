"""HTTP to the platforms: through the proxy that the environment names, but never to a server of this machine.

The variables mean what they mean to curl and requests: that of the URL's scheme (HTTPS_PROXY, HTTP_PROXY) comes before
ALL_PROXY, a name in small letters before the same in capitals, and NO_PROXY makes exceptions. Only the proxy that is
used is looked at, by the platform's URL; the HTTP client is given it and reads no variables itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from app.errors import SetupError
from app.loopback import is_loopback
from app.providers.proxy_exceptions import parse_no_proxy

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ["doubt_exceptions", "open_platform_http", "proxy_of", "require_usable_proxy"]

_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
_SCHEMES = ("http", "https")
_PORTS = {"http": 80, "https": 443}


class _Proxy(NamedTuple):
    """A proxy, and the variable that names it. The URL may hold a password."""

    variable: str
    url: SplitResult

    @property
    def place(self) -> str:
        """Its address only, as host:port; with its scheme where that is not an HTTP proxy's."""
        port = _port_of(self.url)
        address = f"{self.url.hostname or 'a proxy without a host'}{f':{port}' if port else ''}"
        return address if self.url.scheme in _SCHEMES else f"{self.url.scheme}://{address}"


def open_platform_http(graph_url: str, *, timeout: httpx.Timeout) -> httpx.AsyncClient:
    """A client for the platform at this URL. Raises SetupError where its proxy is of a kind that is not supported."""
    proxy = _find_proxy(graph_url)
    is_here = is_loopback(urlsplit(graph_url).hostname or "")
    # SSL_CERT_FILE and SSL_CERT_DIR are where the certificate of a proxy that looks into what it passes on is found.
    certificates = httpx.create_ssl_context(trust_env=not is_here)
    return httpx.AsyncClient(
        timeout=timeout,
        verify=certificates,
        trust_env=False,
        proxy=proxy and _usable(proxy, certificates),
        mounts={f"all://{each}": None for each in _THIS_MACHINE},
    )


def require_usable_proxy(graph_url: str) -> str | None:
    """The proxy on the way to this URL, as host:port; None if there is none. Raises SetupError as above."""
    proxy = _find_proxy(graph_url)
    if proxy is None:
        return None
    _usable(proxy, None)
    return proxy.place


def proxy_of(url: str) -> str | None:
    """The proxy on the way to this URL, as host:port and without its password; None if there is none."""
    proxy = _find_proxy(url)
    return proxy and proxy.place


def doubt_exceptions() -> str | None:
    """A sentence about entries of NO_PROXY that can't be read and are ignored; None where all can. Quotes none."""
    name, text = _variable("no_proxy")
    unreadable = parse_no_proxy(text).unreadable
    if not unreadable:
        return None
    places = " and ".join(map(str, unreadable))
    is_one = len(unreadable) == 1
    return f"{name}: {'entry' if is_one else 'entries'} {places} can't be read and {'is' if is_one else 'are'} ignored."


def _find_proxy(url: str) -> _Proxy | None:
    target = urlsplit(url)
    host = target.hostname or ""
    proxy = _named(f"{target.scheme}_proxy") or _named("all_proxy")
    if proxy is None or is_loopback(host) or _is_excepted(target, host):
        return None
    return proxy


def _is_excepted(target: SplitResult, host: str) -> bool:
    port = _port_of(target) or _PORTS.get(target.scheme)
    return parse_no_proxy(_variable("no_proxy").value).cover(target.scheme, host, port)


def _named(variable: str) -> _Proxy | None:
    name, text = _variable(variable)
    if not text:
        return None
    try:
        url = urlsplit(text if "://" in text else f"http://{text.removeprefix('//')}")
    except ValueError:
        url = SplitResult("http", "", "", "", "")
    return _Proxy(name, url)


class _Variable(NamedTuple):
    name: str
    value: str


def _variable(name: str) -> _Variable:
    """Its name and value, empty where it has none: in small letters, if only to say that there is no proxy."""
    chosen = name if name in os.environ else name.upper()
    return _Variable(chosen, os.environ.get(chosen, "").strip())


def _usable(proxy: _Proxy, certificates: SSLContext | None) -> httpx.Proxy:
    url, port = proxy.url, _port_of(proxy.url)
    if url.scheme not in _SCHEMES or not url.hostname or port == 0:
        raise _unusable(proxy)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    login = (unquote(url.username or ""), unquote(url.password or ""))
    try:
        return httpx.Proxy(
            f"{url.scheme}://{host}{f':{port}' if port else ''}",
            auth=login if any(login) else None,
            ssl_context=certificates if url.scheme == "https" else None,  # taken for no other
        )
    except (ValueError, httpx.InvalidURL):
        raise _unusable(proxy) from None


def _unusable(proxy: _Proxy) -> SetupError:
    return SetupError(
        f"{proxy.variable} must name an HTTP proxy, such as http://proxy:3128, because Meta is reached through it; "
        f"found {proxy.place}."
    )


def _port_of(url: SplitResult) -> int | None:
    """0 for one that is none."""
    try:
        return url.port
    except ValueError:
        return 0
