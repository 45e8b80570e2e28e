"""NO_PROXY: hosts, domains, addresses and networks that are reached without a proxy.

There is no standard. An entry means what it means to curl, requests or Go, where these agree or one of them knows it:
`*`, a host or domain with all that is under it (`example.com`, `.example.com`, `*.example.com`), an address
(`10.0.0.1`, `::1`, `[::1]`), a network (`10.0.0.0/8`), each but a network with a port (`[::1]:8080`) or a scheme
(`http://…`). Entries are separated by commas or spaces.
"""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

__all__ = ["ProxyExceptions", "parse_no_proxy"]

_LAST_PORT = 65_535


class _Exception(NamedTuple):
    """`port` and `scheme` None: any."""

    what: str | IPv4Address | IPv6Address | IPv4Network | IPv6Network
    port: int | None = None
    scheme: str | None = None

    def covers(self, scheme: str, host: str | IPv4Address | IPv6Address, port: int | None) -> bool:
        if self.port not in {None, port} or self.scheme not in {None, scheme}:
            return False
        match self.what:
            case str():
                return isinstance(host, str) and (host == self.what or host.endswith(f".{self.what}"))
            case IPv4Network() | IPv6Network():
                return not isinstance(host, str) and host in self.what
            case _:
                return host == self.what


class ProxyExceptions(NamedTuple):
    """What NO_PROXY says; `unreadable` are the places of entries that say nothing, from 1 on."""

    is_all: bool
    known: tuple[_Exception, ...]
    unreadable: tuple[int, ...]

    def cover(self, scheme: str, host: str, port: int | None) -> bool:
        """Whether this server, its host without brackets, is reached without a proxy."""
        place = _address(host) or _plain(host)
        return self.is_all or any(each.covers(scheme, place, port) for each in self.known)


def parse_no_proxy(text: str) -> ProxyExceptions:
    """Never raises: what can't be read is told of as such."""
    entries = text.replace(",", " ").split()
    parsed = [None if entry == "*" else _parse(entry) for entry in entries]
    return ProxyExceptions(
        is_all="*" in entries,
        known=tuple(found for found in parsed if found is not None),
        unreadable=tuple(
            place
            for place, (entry, found) in enumerate(zip(entries, parsed, strict=True), start=1)
            if found is None and entry != "*"
        ),
    )


def _parse(entry: str) -> _Exception | None:
    scheme, separator, rest = entry.rpartition("://")
    if separator:
        rest = rest.removesuffix("/")
    if "/" in rest:
        network = _network(rest)
        return None if network is None else _Exception(network)
    place, port = _split(rest)
    what = _address(place) or _domain(place)
    return None if what is None or port == "" else _Exception(what, _port(port), scheme.lower() or None)


def _split(text: str) -> tuple[str, str | None]:
    """The place and, if one is named, the port, which is empty if it can't be one."""
    if text.startswith("[") and "]" in text:
        place, _, rest = text[1:].partition("]")
        if not rest:
            return place, None
        return place, _as_port(rest[1:]) if rest.startswith(":") else ""
    if text.count(":") == 1:
        place, _, port = text.partition(":")
        return place, _as_port(port)
    return text, None


def _as_port(text: str) -> str:
    is_port = text.isascii() and text.isdecimal() and len(text) < len(str(_LAST_PORT)) + 1 and int(text) <= _LAST_PORT
    return text if is_port else ""


def _port(text: str | None) -> int | None:
    return None if text is None else int(text)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    address, _, length = text.partition("/")
    with suppress(ValueError):
        return ip_network(f"{address.removeprefix('[').removesuffix(']')}/{length}", strict=False)
    return None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    with suppress(ValueError):
        address = ip_address(text)
        return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    return None


def _domain(text: str) -> str | None:
    name = _plain(text.removeprefix("*").removeprefix("."))
    return name if name and all(each.isalnum() or each in "-._" for each in name) else None


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")
