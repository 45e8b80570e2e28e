"""HTTP to the platforms: through the proxy that the environment names, but never to a server of this machine.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are read as httpx reads them.
"""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from app.errors import SetupError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ["open_platform_http", "proxy_of"]

_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


def open_platform_http(graph_url: str, *, timeout: httpx.Timeout) -> httpx.AsyncClient:
    """A client for the platform at this URL. Raises SetupError for a proxy of a kind that is not supported."""
    own = f"[{host}]" if ":" in (host := urlsplit(graph_url).hostname or "") else host
    direct = {*_THIS_MACHINE, own} if _is_here(host) else _THIS_MACHINE
    try:
        return httpx.AsyncClient(
            timeout=timeout,
            trust_env=not _is_here(host),
            mounts={f"all://{each}": None for each in direct},
        )
    except (ImportError, ValueError, httpx.InvalidURL):
        known = ", ".join(sorted({_place(urlsplit(url)) for name, url in getproxies().items() if name != "no"}))
        raise SetupError(
            f"HTTP_PROXY, HTTPS_PROXY and ALL_PROXY must name HTTP proxies, such as http://proxy:3128; found {known}."
        ) from None


def proxy_of(url: str) -> str | None:
    """The proxy on the way to this URL, as host:port and without its password; None if there is none."""
    target = urlsplit(url)
    host = target.hostname or ""
    if _is_here(host) or proxy_bypass(host):
        return None
    known = getproxies()
    proxy = known.get(target.scheme) or known.get("all")
    return _place(urlsplit(proxy if "://" in proxy else f"http://{proxy}")) if proxy else None


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _place(proxy: SplitResult) -> str:
    """Its address only: the rest may hold a password."""
    try:
        port = proxy.port
    except ValueError:
        port = None
    address = f"{proxy.hostname or 'a proxy without a host'}{f':{port}' if port else ''}"
    return f"{proxy.scheme}://{address}" if proxy.scheme.startswith("socks") else address
