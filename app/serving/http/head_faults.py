"""What is wrong with a request's head that the parser accepts (RFC 9112).

A proxy in front may read such a request in another way than we do: it would then send one client's request to another
host, or take the end of a body for the next request.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["fault_of"]

_BEFORE_HOST = "1.0"
# uri-host [ ":" port ] (RFC 3986, 3.2.2): an address in brackets, or a name.
_HOST = re.compile(r"(?:\[[\w.:~!$&'()*+,;=%-]+\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?", re.ASCII)


def fault_of(headers: Iterable[tuple[bytes, bytes]], *, version: str) -> HTTPStatus | None:
    """What to refuse a request with these headers with, whose names are in lower case; None if nothing is wrong."""
    hosts, codings, has_length = list[str](), list[bytes](), False
    for name, value in headers:
        if name == b"host":
            hosts.append(value.decode("latin-1"))
        elif name == b"transfer-encoding":
            codings.append(value.lower())
        elif name == b"content-length":
            has_length = True
    return _fault_of_hosts(hosts, version) or _fault_of_codings(codings, version, has_length=has_length)


def _fault_of_hosts(hosts: list[str], version: str) -> HTTPStatus | None:
    """There is one, which a version without it may leave out (RFC 9112, 3.2)."""
    is_right = len(hosts) == 1 or (not hosts and version == _BEFORE_HOST)
    return None if is_right and all(map(_HOST.fullmatch, hosts)) else HTTPStatus.BAD_REQUEST


def _fault_of_codings(codings: list[bytes], version: str, *, has_length: bool) -> HTTPStatus | None:
    """A body is chunked and nothing more, or has a length (RFC 9112, 6.1)."""
    if not codings:
        return None
    if has_length or version == _BEFORE_HOST:
        return HTTPStatus.BAD_REQUEST
    return None if codings == [b"chunked"] else HTTPStatus.NOT_IMPLEMENTED
