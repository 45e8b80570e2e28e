from __future__ import annotations

import pytest

from app.http.requests.client_address import client_address


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
        ("", "unknown"),
        ("192.0.2.7\r\nx", "unknown"),
    ],
)
def test_addresses_as_they_are_counted(host: str, address: str) -> None:
    assert client_address({"client": (host, 4711)}) == address


@pytest.mark.parametrize("scope", [{}, {"client": None}])
def test_a_unix_socket_has_no_address(scope: dict[str, object]) -> None:
    assert client_address(scope) == "unknown"
