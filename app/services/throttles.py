"""The scopes of throttles, as `call_pauses` and the jobs name them: from the widest to the narrowest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import ThrottleScope

if TYPE_CHECKING:
    from uuid import UUID

    from app.vocabulary import UseCase

PLATFORM = "meta"


def pause_scopes(connection_id: UUID, use_case: UseCase) -> tuple[str, ...]:
    """All scopes whose pause stops a job of this connection and use case."""
    names = (scope_name(scope, connection_id, use_case) for scope in ThrottleScope)
    return tuple(name for name in names if name is not None)


def scope_name(scope: ThrottleScope, connection_id: UUID, use_case: UseCase) -> str | None:
    """The pause that a throttle of this reach means for jobs of this connection and use case; None: it means none."""
    match scope:
        case ThrottleScope.APP:
            return PLATFORM
        case ThrottleScope.ACCOUNT:
            return f"connection/{connection_id}"
        case ThrottleScope.USE_CASE:
            return f"connection/{connection_id}/{use_case}"
        case ThrottleScope.JOB:
            return None
