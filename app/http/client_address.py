"""Where a request comes from, as limits and the trail of logins name it.

The server has already put the client's own address in the place of a trusted proxy's (TRUSTED_PROXIES); a header is
never read here. An IPv6 address is cut to its /64, which is what one customer of a provider gets (RFC 6177): counted
singly, one machine would have 2^64 of them.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["UNKNOWN", "client_address"]

UNKNOWN = "unknown"
"""All clients without an address are one: those of a Unix socket, and what a proxy calls `unknown`."""
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
