"""Which hosts are this machine, by their names and addresses alone; no name is looked up."""

from __future__ import annotations

from ipaddress import ip_address

__all__ = ["is_loopback"]

_NAME = "localhost"


def is_loopback(host: str) -> bool:
    """Whether a host, without brackets, is this machine: `localhost` and names under it (RFC 6761), or an address."""
    name = host.lower().removesuffix(".")
    if name == _NAME or name.endswith(f".{_NAME}"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
