"""The line that each request has in the log: always for faults and for what a known caller succeeded in.

Refusals, and whatever anonymous clients ask for, have no more lines than `app.observability.line_limits` admits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.observability.line_limits import admits
from app.observability.logging import get_logger
from graphql_schema.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

__all__ = ["is_of_known_caller", "note_in_access_log", "write_request_line"]

EVENT = "request"
# Facts that only a caller with a valid token or secret has.
_PROOFS = frozenset({"user_id", "run_id"})
_FACTS = "pixecom.access_log"
_FAULT = 500
_log = get_logger(__name__)


def note_in_access_log(scope: Scope, **facts: Any) -> None:
    """Add facts to the request's line in the log; values must be harmless to show.

    `code` is the reason why nothing of its operation was done.
    """
    scope.setdefault(_FACTS, {}).update(facts)


def is_of_known_caller(scope: Scope) -> bool:
    """Whether a request or socket has shown a valid access token, or the secret of the clock outside."""
    return not _PROOFS.isdisjoint(scope.get(_FACTS, {}))


def write_request_line(scope: Scope, *, status: int, milliseconds: float) -> None:
    """Log the request, or count it among those left out. Never its query string, a header or its body."""
    facts: Mapping[str, Any] = scope.get(_FACTS, {})
    is_known = is_of_known_caller(scope)
    if _is_always_written(status, facts, is_known=is_known) or admits(
        EVENT, _outcome_of(status, facts), caller="USER" if is_known else "ADDRESS"
    ):
        _log.info(EVENT, method=scope["method"], path=scope["path"], status=status, milliseconds=milliseconds, **facts)


def _is_always_written(status: int, facts: Mapping[str, Any], *, is_known: bool) -> bool:
    """True for a fault of ours, and for what a known caller got done. Without a token, a 503 is no news.

    (While a server is away, each request of a flood is one. That it is away has lines of its own.)
    """
    if status == _FAULT or facts.get("code") == ErrorCode.INTERNAL.value:
        return True
    return is_known and (status > _FAULT or (_is_success(status) and "code" not in facts))


def _is_success(status: int) -> bool:
    return 0 < status < 400  # noqa: PLR2004  # RFC 9110, 15: from 400 on, it is none


def _outcome_of(status: int, facts: Mapping[str, Any]) -> str:
    return str(facts.get("code") or f"HTTP {status}")
