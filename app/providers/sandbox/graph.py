"""From one call to its answer: who asks, what about, may they, and which part of Graph answers.

The order is Meta's as far as it was seen: version, script, token and proof, permission, then the request itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple

from app.providers.sandbox import errors
from app.providers.sandbox.call import GraphAnswer, GraphCall
from app.providers.sandbox.dataset import Entity, Kind
from app.providers.sandbox.edges import has_edge, list_accounts, list_entities
from app.providers.sandbox.errors import GraphError
from app.providers.sandbox.faults import CallTraits, Fault, FaultScript
from app.providers.sandbox.insights import read_insights
from app.providers.sandbox.live_account import LiveAccount
from app.providers.sandbox.node_fields import render_account, render_entity
from app.providers.sandbox.usage import INSIGHTS_EDGE, NODE, Usage
from app.providers.sandbox.writes import apply_change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.sandbox.changes import Changes
    from app.providers.sandbox.worlds import World

VERSIONS = frozenset({"v25.0", "v26.0"})
ME = "me"
_ACCOUNT_PREFIX = "act_"
_MAX_DEPTH = 2


class _Target(NamedTuple):
    """What the path names. `live` is None for `me` and for what doesn't exist; `entity` for accounts too."""

    object_id: str
    edge: str
    live: LiveAccount | None = None
    entity: Entity | None = None


class Graph:
    """A world that answers calls. Holds no HTTP; a batch asks it as often as it has items."""

    def __init__(self, world: World, changes: Changes, faults: FaultScript, usage: Usage) -> None:
        self._app_secret = world.app_secret
        self._accounts = [LiveAccount(account, changes) for account in world.accounts]
        self._by_account_id = {live.account.id: live for live in self._accounts}
        self._by_entity_id = {entity_id: live for live in self._accounts for entity_id in live.entities}
        self._faults = faults
        self._usage = usage

    async def answer(self, call: GraphCall) -> GraphAnswer:
        """Never raises GraphError: a refusal is an answer too, with the same usage headers."""
        headers = {"facebook-api-version": call.version}
        try:
            target = self._resolve(call)
            fault = self._record(call, target)
            if target.live is not None:
                headers |= self._usage.headers(target.live.account.id, target.edge)
            if fault is not None:
                headers |= fault.headers
                await _strike(fault)
            return GraphAnswer(body=self._handle(call, target), headers=headers)
        except GraphError as error:
            return GraphAnswer(body=error.envelope(), status=error.http_status, headers=headers)

    def authenticate(self, call: GraphCall) -> Sequence[LiveAccount]:
        """The accounts that the call's token sees; raises GraphError for a missing or unknown token or proof."""
        token = call.access_token
        if not token:
            raise errors.token_missing()
        accounts = [live for live in self._accounts if hmac.compare_digest(live.account.access_token, token)]
        if not accounts:
            raise errors.token_invalid()
        self._check_proof(token, call.params.get("appsecret_proof"))
        return accounts

    def _check_proof(self, token: str, proof: str | None) -> None:
        if self._app_secret is None:
            return
        if proof is None:
            raise errors.proof_missing()
        expected = hmac.new(self._app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, proof):
            raise errors.proof_invalid()

    def _resolve(self, call: GraphCall) -> _Target:
        if call.version not in VERSIONS:
            raise errors.old_version()
        if not call.path:
            raise errors.ids_removed() if "ids" in call.params else errors.missing_object(call.method, "")
        if len(call.path) > _MAX_DEPTH:
            raise errors.unknown_path("/".join(call.path[_MAX_DEPTH:]))
        object_id, edge = call.path[0], call.path[1] if len(call.path) == _MAX_DEPTH else NODE
        live = self._by_account_id.get(object_id.removeprefix(_ACCOUNT_PREFIX))
        if live is not None and object_id.startswith(_ACCOUNT_PREFIX):
            return _Target(object_id, edge, live)
        live = self._by_entity_id.get(object_id)
        return _Target(object_id, edge, live, live.entities[object_id] if live is not None else None)

    def _record(self, call: GraphCall, target: _Target) -> Fault | None:
        account = f"{_ACCOUNT_PREFIX}{target.live.account.id}" if target.live is not None else ME
        self._usage.record(account, target.edge)
        return self._faults.take(
            CallTraits(call.method, account, target.edge, target.object_id, call.params.get("level")),
        )

    def _handle(self, call: GraphCall, target: _Target) -> Mapping[str, object]:
        visible = self.authenticate(call)
        if target.object_id == ME:
            return _answer_me(call, target.edge, visible)
        live = target.live
        if live is None:
            raise errors.missing_object(call.method, target.object_id)
        if live not in visible:
            raise (
                errors.account_forbidden()
                if target.entity is None
                else errors.missing_object(call.method, target.object_id)
            )
        return _answer_node(call, target, live)


async def _strike(fault: Fault) -> None:
    if fault.delay_seconds:
        await asyncio.sleep(fault.delay_seconds)
    error = fault.error()
    if error is not None:
        raise error


def _answer_me(call: GraphCall, edge: str, visible: Sequence[LiveAccount]) -> Mapping[str, object]:
    if call.method == "GET" and edge == NODE:
        return {"id": f"9{visible[0].account.id}", "name": "Sandbox User"}
    if call.method == "GET" and edge == "adaccounts":
        return list_accounts(call, visible)
    raise errors.missing_object(call.method, ME)


def _answer_node(call: GraphCall, target: _Target, live: LiveAccount) -> Mapping[str, object]:
    entity = target.entity
    kind = entity.kind if entity is not None else Kind.ACCOUNT
    node_id = entity.id if entity is not None else live.account.id
    if call.method == "GET" and target.edge == INSIGHTS_EDGE:
        return read_insights(call, live, node_id, kind)
    if call.method == "GET" and has_edge(kind, target.edge):
        return list_entities(call, live, node_id)
    if target.edge == NODE:
        if call.method == "GET":
            fields = call.params.get("fields")
            return render_account(live, fields) if entity is None else render_entity(live, entity, fields)
        if entity is not None:
            return apply_change(live, entity, {"status": "DELETED"} if call.method == "DELETE" else call.params)
    raise errors.missing_object(call.method, target.object_id)
