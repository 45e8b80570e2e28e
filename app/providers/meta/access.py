"""Whether Meta still lets us read the account or page that a client works for: settles a doubt by one call, or two.

An answer that may be a loss of access may also be about one object or one odd query, which is no reason to end all
work for an account. So the account (or page) is asked for by itself: what can still be read is not lost. Where that is
refused too, in words that point to no loss, one entry of a list of its decides: accounts have been met of which the
object alone is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.providers.meta.access_loss import Loss, names_closing
from app.providers.meta.errors import Kind, MetaFailure, is_doubtful, is_silent_refusal, kind_of, loss_of

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
        is_account = path.startswith("act_")
        self._path = path
        self._fields = f"id,{_STATUS}" if is_account else "id"
        self._list_path = f"{path}/campaigns" if is_account else f"{path}/posts"
        self._is_readable = False
        self._found: Node | None = None

    async def find_loss(
        self, failure: MetaFailure, path: str, params: Mapping[str, str], *, ask: AskNode
    ) -> Loss | None:
        """What a failed call shows to be lost; None where it shows nothing. What was once readable is not asked again.

        `ask` answers the node, how Meta refuses it, or None where that can't be known now.
        """
        if not is_doubtful(failure) or not self._is_about_all(path, params):
            return None
        if not self._is_readable:
            answer = await ask(self._path, {"fields": self._fields})
            if answer is None:
                return None
            if isinstance(answer, MetaFailure):
                if loss := await self._confirmed(failure, answer, ask):
                    return loss
            else:
                self._found = answer
            self._is_readable = True
        is_closed = self._found is not None and _is_closed(self._found)
        return loss_of(failure) if is_closed and names_closing(failure.message) else None

    def _is_about_all(self, path: str, params: Mapping[str, str]) -> bool:
        """Whether a call is on the account or page itself. A later page of its lists may be denied for its cursor."""
        return (path == self._path or path.startswith(f"{self._path}/")) and "after" not in params

    async def _confirmed(self, failure: MetaFailure, refusal: MetaFailure, ask: AskNode) -> Loss | None:
        """What is lost where the account or page itself is refused as well."""
        if loss := loss_of(refusal):
            return loss
        if is_silent_refusal(refusal):
            return Loss.UNSAID if is_silent_refusal(failure) else None
        if kind_of(refusal) is not Kind.REFUSED:
            return None
        witness = await ask(self._list_path, {"fields": "id", "limit": "1"})
        if not isinstance(witness, MetaFailure):
            return None
        return loss_of(witness) or (Loss.PERMISSION if kind_of(witness) is Kind.REFUSED else None)


def _is_closed(account: Node) -> bool:
    status = account.fields.get(_STATUS)
    return isinstance(status, int) and status not in _OPEN
