"""The client address of a request, as used by limits and the login trail.

The server has already replaced a trusted proxy's address with the client's own (TRUSTED_PROXIES); no header is read
here. An IPv6 address is cut to its /64, which is what a provider gives one customer (RFC 6177): counted individually,
one machine would have 2^64 addresses.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["UNKNOWN", "client_address"]

UNKNOWN = "unknown"
"""Shared by all clients without an address: those of a Unix socket, and those a proxy calls `unknown`."""
_IPV6_PREFIX = 64


def client_address(scope: Mapping[str, Any]) -> str:
    """`192.0.2.7`, `2001:db8:1:2::/64`, or `unknown`."""
    client = scope.get("client")
    if not client:
        return UNKNOWN
    try:
        address = ip_address(str(client[0]).partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        return _cut(address)
    return str(address)


def _cut(address: IPv6Address) -> str:
    mapped: IPv4Address | None = address.ipv4_mapped
    return str(mapped or ip_network((address, _IPV6_PREFIX), strict=False))
