"""What the last insights queries found, so that the pages of one walk are not each computed from the beginning."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from app import clock
from app.providers.sandbox.answers.insights import find_insights

if TYPE_CHECKING:
    from collections.abc import Hashable

    from app.providers.sandbox.answers.insights import Result
    from app.providers.sandbox.answers.live_account import LiveAccount
    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.world.dataset import Kind

_KEPT = 8
_NOT_ASKED = frozenset({"after", "before", "limit", "access_token", "appsecret_proof"})


class FoundInsights:
    """The newest results. One is used again only in the same minute and while no number changed."""

    def __init__(self) -> None:
        self._results: OrderedDict[Hashable, Result] = OrderedDict()

    def find(self, call: GraphCall, live: LiveAccount, node_id: str, node_kind: Kind) -> Result:
        minute = clock.now().replace(second=0, microsecond=0)
        asked = frozenset((name, value) for name, value in call.params.items() if name not in _NOT_ASKED)
        key = (live.account.id, node_id, asked, live.state(), minute)
        result = self._results.get(key)
        if result is None:
            result = find_insights(call, live, node_id, node_kind)
            self._results[key] = result
            if len(self._results) > _KEPT:
                self._results.popitem(last=False)
        return result
