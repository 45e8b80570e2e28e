"""The scopes of throttles, as `call_pauses` and the jobs name them: from the widest to the narrowest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias
from uuid import UUID

from app.errors import ThrottleScope
from app.vocabulary import UseCase

if TYPE_CHECKING:
    from app.vocabulary import ProviderKind

PausingScope: TypeAlias = Literal[ThrottleScope.APP, ThrottleScope.ACCOUNT, ThrottleScope.USE_CASE]
"""How far a throttle that pauses calls reaches; one of the JOB alone pauses none."""
_CONNECTION = "connection"
_PAUSING: tuple[PausingScope, ...] = (ThrottleScope.APP, ThrottleScope.ACCOUNT, ThrottleScope.USE_CASE)


class PauseScope(NamedTuple):
    """The calls that a pause holds back: those of a connection, or of its one use case; without both, of an app."""

    connection_id: UUID | None = None
    use_case: UseCase | None = None

    @classmethod
    def parse(cls, name: str) -> PauseScope:
        """From the name that `scope_name` gave it."""
        kind, *parts = name.split("/")
        if kind != _CONNECTION:
            return cls()
        return cls(UUID(parts[0]), UseCase(parts[1]) if parts[1:] else None)


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
            return f"{_CONNECTION}/{connection_id}"
        case ThrottleScope.USE_CASE:
            return f"{_CONNECTION}/{connection_id}/{use_case}"
