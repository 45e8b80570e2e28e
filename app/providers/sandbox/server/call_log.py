"""Every call that was answered, in order: when, about what, by whom, with which outcome. Never a token itself."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from app import clock
from app.providers.sandbox.server.tokens import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.sandbox.call import GraphAnswer, GraphCall
    from app.providers.sandbox.server.targets import Target

_KEPT = 100_000


class LoggedCall(NamedTuple):
    """`code` is the error's, None where there is none; `token` a fingerprint. Numbers begin with 1."""

    number: int
    at: str
    method: str
    account: str
    edge: str
    object_id: str
    level: str | None
    limit: str | None
    token: str | None
    status: int
    code: int | None


class CallLog:
    """The newest calls; a batch is in it by its items."""

    def __init__(self) -> None:
        self._calls: deque[LoggedCall] = deque(maxlen=_KEPT)
        self._count = 0

    def record(self, call: GraphCall, target: Target, answer: GraphAnswer, code: int | None) -> None:
        self._count += 1
        logged = LoggedCall(
            number=self._count,
            at=clock.now().isoformat(),
            method=call.method,
            account=target.owner,
            edge=target.edge,
            object_id=target.object_id,
            level=call.params.get("level"),
            limit=call.params.get("limit"),
            token=fingerprint(call.access_token),
            status=answer.status,
            code=code,
        )
        self._calls.append(logged)

    def list_calls(self, *, after: int = 0, account: str | None = None) -> Sequence[Mapping[str, object]]:
        """Calls numbered higher than `after`, of one account if it is named."""
        return [each._asdict() for each in self._calls if each.number > after and account in {None, each.account}]

    def clear(self) -> None:
        """Forget the calls; numbers go on."""
        self._calls.clear()
