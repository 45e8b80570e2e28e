"""The scopes of throttles, as `call_pauses` and the jobs name them: from the widest to the narrowest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from app.errors import ThrottleScope

if TYPE_CHECKING:
    from uuid import UUID

    from app.vocabulary import ProviderKind, UseCase

PausingScope: TypeAlias = Literal[ThrottleScope.APP, ThrottleScope.ACCOUNT, ThrottleScope.USE_CASE]
"""How far a throttle that pauses calls reaches; one of the JOB alone pauses none."""
_PAUSING: tuple[PausingScope, ...] = (ThrottleScope.APP, ThrottleScope.ACCOUNT, ThrottleScope.USE_CASE)


def pause_scopes(connection_id: UUID, use_case: UseCase, *, provider: ProviderKind) -> tuple[str, ...]:
    """All scopes whose pause stops a job of this connection and use case; the first is that of the provider's app."""
    return tuple(scope_name(scope, connection_id, use_case, app=provider.lower()) for scope in _PAUSING)


def scope_name(scope: PausingScope, connection_id: UUID, use_case: UseCase, *, app: str) -> str:
    """The name of the pause that a throttle of this reach sets for jobs of this connection and use case.

    `app` is the scope of the whole app, as the first of a job's own names it.
    """
    match scope:
        case ThrottleScope.APP:
            return app
        case ThrottleScope.ACCOUNT:
            return f"connection/{connection_id}"
        case ThrottleScope.USE_CASE:
            return f"connection/{connection_id}/{use_case}"
