"""Waits until a child answers, as long as it lives."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING

from app.cli.instance.supervision import describe_exit
from app.cli.printing.log_lines import readable_lines
from app.embedded.ports import LOOPBACK
from app.errors import ServerFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.embedded.child import Child

READY_SECONDS = 60
_POLL_SECONDS = 0.05


def wait_until(is_ready: Callable[[], bool], child: Child) -> None:
    """Raise ServerFailedError with the child's last lines when it ends, or isn't ready in a minute."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_ready():
        if child.exit_code is not None:
            raise ServerFailedError(_sentence(child, f"exited during its start ({describe_exit(child.exit_code)})"))
        if time.monotonic() > deadline:
            raise ServerFailedError(_sentence(child, f"was not ready within {READY_SECONDS} seconds"))
        time.sleep(_POLL_SECONDS)


def answers_ok(port: int, path: str) -> Callable[[], bool]:
    """Ready when it answers 200 there."""

    def is_ready() -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return is_ready


def _sentence(child: Child, what: str) -> str:
    lines = "\n  ".join(readable_lines(child.last_log_lines()))
    return f"The {child.spec.name} {what}; {child.spec.log_path} ends with:\n  {lines}"
