"""Whether Meta still lets us read the account or page that a client works for: settles a doubt by one call, or two.

An answer that may be a loss of access, even one with a code of lost permission, may also be about one object or one odd
query, which is no reason to end all work for an account. So the account (or page) is asked for by itself: what can
still be read is not lost. Where that is refused too, one entry of a list of its decides some seconds later: accounts
have been met of which the object alone is refused, or all of it for a moment. Where neither answer is Graph's, a call
that is not about the account shows whether Graph is reached at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.providers.meta.calls.access_loss import Loss, names_closing
from app.providers.meta.calls.errors import (
    Kind,
    MetaFailure,
    is_certain,
    is_doubtful,
    is_silent_refusal,
    kind_of,
    loss_of,
    names_access,
    names_dead_token,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from app.providers.meta.values.node import Node

    class AskNode(Protocol):
        async def __call__(self, path: str, params: Mapping[str, str], /) -> Node | MetaFailure | None: ...


_STATUS = "account_status"
# Statuses of accounts that may run ads: ACTIVE and IN_GRACE_PERIOD.
_OPEN = frozenset({1, 9})
_ONE_ID = {"fields": "id", "limit": "1"}
_CALLER = "me"


class Access:
    """What one job knows of it. `path` is that of the account (`act_…`) or the page."""

    def __init__(self, path: str) -> None:
        is_account = path.startswith("act_")
        self._path = path
        self._fields = f"id,{_STATUS}" if is_account else "id"
        self._lists = (f"{path}/campaigns", f"{path}/adsets") if is_account else (f"{path}/posts",)
        self._is_readable = False
        self._found: Node | None = None
        self._is_answered: bool | None = None

    async def is_answered(self, *, ask: AskNode) -> bool:
        """Whether the account or page is answered for at all, be it by a refusal; asked once, by the smallest call.

        `ask` is as below.
        """
        if self._is_answered is None:
            answer = await ask(self._path, {"fields": "id"})
            is_passing = isinstance(answer, MetaFailure) and kind_of(answer) is Kind.TRANSIENT
            self._is_answered = answer is not None and not is_passing
        return self._is_answered

    async def find_loss(
        self,
        failure: MetaFailure,
        path: str,
        params: Mapping[str, str],
        *,
        ask: AskNode,
        pause: Callable[[], Awaitable[None]],
    ) -> Loss | None:
        """What a failed call shows to be lost; None where it shows nothing. What was once readable is not asked again.

        `ask` answers the node, how Meta refuses it, or None where that can't be known now. `pause` lets some seconds
        pass, so that a loss is never what two answers of the same moment say.
        """
        if not is_doubtful(failure) or not self._may_be_about_all(failure, path, params):
            return None
        if not self._is_readable and (loss := await self._settle(failure, path, ask, pause)):
            return loss
        is_closed = self._found is not None and _is_closed(self._found)
        return loss_of(failure) if is_closed and names_closing(failure.message) else None

    def _may_be_about_all(self, failure: MetaFailure, path: str, params: Mapping[str, str]) -> bool:
        """Whether a call is on the account or page itself, or refused for want of access wherever it went.

        A later page of a list may be denied for its cursor.
        """
        is_own = path == self._path or path.startswith(f"{self._path}/")
        return names_access(failure) or (is_own and "after" not in params)

    async def _settle(
        self, failure: MetaFailure, path: str, ask: AskNode, pause: Callable[[], Awaitable[None]]
    ) -> Loss | None:
        answer = await self._ask_first(failure, path, ask)
        if not isinstance(answer, MetaFailure):
            self._found = answer
            self._is_readable = answer is not None
            return None
        if is_certain(answer):
            return Loss.TOKEN
        if not is_doubtful(answer) or (is_silent_refusal(answer) and not is_silent_refusal(failure)):
            return None
        await pause()
        if is_silent_refusal(answer):
            return await _who_is_silent(failure, ask)
        return await self._witnessed(loss_of(answer), path, ask)

    async def _ask_first(self, failure: MetaFailure, path: str, ask: AskNode) -> Node | MetaFailure | None:
        """The account or page, or an entry of a list of it where it was itself refused without a reason just now."""
        if path == self._path and is_silent_refusal(failure):
            return await ask(self._lists[0], _ONE_ID)
        return await ask(self._path, {"fields": self._fields})

    async def _witnessed(self, loss: Loss | None, refused_path: str, ask: AskNode) -> Loss | None:
        """What is lost if no list of it can be read either; an empty one proves nothing against words of a loss."""
        path = next((each for each in self._lists if each != refused_path), self._lists[0])
        witness = await ask(path, _ONE_ID)
        if isinstance(witness, MetaFailure):
            return _lost(witness, loss or Loss.PERMISSION)
        if witness is None:
            return None
        if loss is None or witness.fields.get("data"):
            self._is_readable = True
            return None
        again = await ask(self._path, {"fields": self._fields})
        return _lost(again, loss) if isinstance(again, MetaFailure) else None


def _lost(refusal: MetaFailure, otherwise: Loss) -> Loss | None:
    """What a later refusal shows to be lost; None where it may pass or is not Graph's."""
    if is_certain(refusal):
        return Loss.TOKEN
    if not is_doubtful(refusal) or is_silent_refusal(refusal):
        return None
    return loss_of(refusal) or otherwise


async def _who_is_silent(failure: MetaFailure, ask: AskNode) -> Loss:
    """Tell an account or page that Graph refuses without a reason from a firewall that answers every call."""
    answer = await ask(_CALLER, {"fields": "id"})
    if isinstance(answer, MetaFailure) and not answer.is_graphs:
        return Loss.TOKEN if names_dead_token(failure) and names_dead_token(answer) else Loss.BLOCKED
    if answer is None or (isinstance(answer, MetaFailure) and kind_of(answer) is Kind.TRANSIENT):
        return Loss.BLOCKED
    return Loss.TOKEN if isinstance(answer, MetaFailure) and is_certain(answer) else Loss.UNEXPLAINED


def _is_closed(account: Node) -> bool:
    status = account.fields.get(_STATUS)
    return isinstance(status, int) and status not in _OPEN
