"""The scopes of throttles, as `call_pauses` and the jobs name them: from the widest to the narrowest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import ThrottleScope

if TYPE_CHECKING:
    from uuid import UUID

    from app.vocabulary import ProviderKind, UseCase


def pause_scopes(connection_id: UUID, use_case: UseCase, *, provider: ProviderKind) -> tuple[str, ...]:
    """All scopes whose pause stops a job of this connection and use case; the first is that of the provider's app."""
    names = (scope_name(scope, connection_id, use_case, app=provider.lower()) for scope in ThrottleScope)
    return tuple(name for name in names if name is not None)


def scope_name(scope: ThrottleScope, connection_id: UUID, use_case: UseCase, *, app: str) -> str | None:
    """The pause that a throttle of this reach means for jobs of this connection and use case; None: it means none.

    `app` is the scope of the whole app, as the first of a job's own names it.
    """
    match scope:
        case ThrottleScope.APP:
            return app
        case ThrottleScope.ACCOUNT:
            return f"connection/{connection_id}"
        case ThrottleScope.USE_CASE:
            return f"connection/{connection_id}/{use_case}"
        case ThrottleScope.JOB:
            return None
