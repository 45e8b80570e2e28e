"""Whether Meta still lets us read the account or page that a client works for: settles a doubt by one call.

An answer that may be a loss of access may also be about one object or one odd query, which is no reason to end all
work for an account. So the account (or page) is asked for by itself: what can still be read is not lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.providers.meta.access_loss import Loss, names_closing
from app.providers.meta.errors import Kind, MetaFailure, doubt_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.providers.meta.node import Node

    class AskNode(Protocol):
        async def __call__(self, path: str, params: Mapping[str, str], /) -> Node | MetaFailure | None: ...


_STATUS = "account_status"
# Statuses of accounts that may run ads: ACTIVE and IN_GRACE_PERIOD.
_OPEN = frozenset({1, 9})


class Access:
    """What one job knows of it. `path` is that of the account (`act_…`) or the page."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fields = f"id,{_STATUS}" if path.startswith("act_") else "id"
        self._found: Node | None = None

    async def find_loss(
        self, failure: MetaFailure, path: str, params: Mapping[str, str], *, ask: AskNode
    ) -> Loss | None:
        """What a failed call shows to be lost; None where it shows nothing. What was once readable is not asked again.

        `ask` answers the node, how Meta refuses it, or None where that can't be known now.
        """
        doubt = doubt_of(failure)
        if doubt is None or not self._is_about_all(path, params):
            return None
        if self._found is None:
            answer = await ask(self._path, {"fields": self._fields})
            if answer is None:
                return None
            if isinstance(answer, MetaFailure):
                return _loss_of(answer)
            self._found = answer
        return doubt if names_closing(failure.message) and _is_closed(self._found) else None

    def _is_about_all(self, path: str, params: Mapping[str, str]) -> bool:
        """Whether a call is on the account or page itself. A later page of its lists may be denied for its cursor."""
        return (path == self._path or path.startswith(f"{self._path}/")) and "after" not in params


def _loss_of(failure: MetaFailure) -> Loss | None:
    match kind_of(failure):
        case Kind.TOKEN:
            return Loss.TOKEN
        case Kind.PERMISSION:
            return Loss.PERMISSION
        case _:
            return doubt_of(failure)


def _is_closed(account: Node) -> bool:
    status = account.fields.get(_STATUS)
    return isinstance(status, int) and status not in _OPEN
