"""The rows of subscriptions: how each is asked for, and what its first value must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet


@dataclass(frozen=True, kw_only=True)
class SubscriptionRow:
    """`waits`: it tells only what happens from now on. `check` gets the data, our ids, and the accounts of what did."""

    document: str
    check: Callable[[Any, Mapping[str, str], AbstractSet[str]], None]
    variables: Callable[[Mapping[str, str]], dict[str, Any]] = lambda _: {}
    of_ids: bool = False
    waits: bool = False


def _check_progress(data: Any, ids: Mapping[str, str], _own: AbstractSet[str]) -> None:
    assert data == {"syncProgress": {"runId": ids["SyncRun"], "state": "RUNNING", "jobsTotal": 1}}


def _check_synced(data: Any, _ids: Mapping[str, str], own: AbstractSet[str]) -> None:
    assert data["statsSynced"]["adAccountId"] in own


SUBSCRIPTIONS: dict[str, SubscriptionRow] = {
    "syncProgress": SubscriptionRow(
        document="subscription ($run: ID!) { syncProgress(runId: $run) { runId state jobsTotal } }",
        variables=lambda ids: {"run": ids["SyncRun"]},
        check=_check_progress,
        of_ids=True,
    ),
    "statsSynced": SubscriptionRow(
        document="subscription { statsSynced { adAccountId } }", check=_check_synced, waits=True
    ),
}
