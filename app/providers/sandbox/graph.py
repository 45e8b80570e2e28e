"""From one call to its answer: who asks, what about, may they, and which part of Graph answers.

The order is Meta's as far as it was seen: version, script, throttle, token and proof, permission, then the request.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from app.providers.sandbox import errors
from app.providers.sandbox.answers.business_users import (
    ASSIGNED_USERS,
    BUSINESS_USERS,
    list_assigned_users,
    list_business_users,
)
from app.providers.sandbox.answers.edges import has_edge, list_accounts, list_entities
from app.providers.sandbox.answers.fields import parse_fields
from app.providers.sandbox.answers.found_insights import FoundInsights
from app.providers.sandbox.answers.insights import render_page
from app.providers.sandbox.answers.live_account import LiveAccount
from app.providers.sandbox.answers.node_fields import render_account, render_entity
from app.providers.sandbox.answers.page_answers import answer_page
from app.providers.sandbox.answers.page_edges import list_pages
from app.providers.sandbox.answers.page_edges import render_page as render_page_node
from app.providers.sandbox.answers.reports import Reports, poll_report, read_report
from app.providers.sandbox.answers.writes import apply_change
from app.providers.sandbox.call import Form, GraphAnswer, GraphCall
from app.providers.sandbox.errors import GraphError
from app.providers.sandbox.rules.legacy_features import refuse_legacy_features
from app.providers.sandbox.rules.usage import Usage, usage_headers
from app.providers.sandbox.rules.versions import WARNING_HEADER, Served, check_version, serve_ads
from app.providers.sandbox.script.faults import BATCH, CallTraits, Fault
from app.providers.sandbox.script.walk_troubles import endless_cursor, without_end
from app.providers.sandbox.server import targets
from app.providers.sandbox.server.targets import ME, NODE, Directory, Target
from app.providers.sandbox.server.tokens import MANAGE_ADS, READ_ADS, TokenBook
from app.providers.sandbox.world.dataset import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.sandbox.script.script import Script
    from app.providers.sandbox.server.call_log import CallLog
    from app.providers.sandbox.server.tokens import Caller
    from app.providers.sandbox.state.changes import Changes
    from app.providers.sandbox.world.worlds import World

_UNDONE = frozenset({Form.HTML, Form.EMPTY, Form.HANGING, Form.NULL_ITEM})


class Graph:
    """A world that answers calls. Holds no HTTP; a batch asks it as often as it has items."""

    def __init__(self, world: World, changes: Changes, script: Script, usage: Usage, log: CallLog) -> None:
        self._accounts = [LiveAccount(account, changes, script) for account in world.accounts]
        self.zones = {account.id: account.time_zone for account in world.accounts}
        self.log = log
        self.reports = Reports()
        self.tokens = TokenBook(world, script.tokens)
        self._directory = Directory(self._accounts, world.pages, self.reports)
        self._found = FoundInsights()
        self._script = script
        self._usage = usage

    async def answer(self, call: GraphCall) -> GraphAnswer:
        """Never raises GraphError: a refusal is an answer too, with the same usage headers."""
        headers = {"facebook-api-version": call.version}
        try:
            target, served = self._admit(call)
        except GraphError as error:
            return _refuse(error, headers)
        call = replace(call, version=served.version)
        headers = _version_headers(served)
        fault, refusal = self._record(call, target)
        headers |= self._usage_headers(target)
        code: int | None = None
        try:
            struck = await _strike(fault, headers) if fault is not None else None
            if refusal is not None:
                raise refusal
            answer = struck or self._script.oddities.apply(
                _traits(call, target),
                GraphAnswer(
                    body=self._handle_without_end(call, target),
                    headers=headers,
                    form=fault.form if fault is not None else Form.WHOLE,
                ),
            )
        except GraphError as error:
            answer, code = _refuse(error, headers), error.code
        self.log.record(call, target, answer, code)
        return answer

    def check_call(self, call: GraphCall) -> None:
        """Raise GraphError for a version that isn't and for a feature that the app may not use."""
        check_version(call.version)
        if self._script.app.rules.is_new:
            refuse_legacy_features(call)

    async def strike_batch(self, call: GraphCall) -> GraphAnswer | None:
        """What the script does to a batch as a whole, None where it does nothing but make it wait."""
        fault = self._script.faults.take(CallTraits(call.method, ME, BATCH, "", None))
        if fault is None:
            return None
        headers = {"facebook-api-version": call.version}
        try:
            return await _strike(fault, headers)
        except GraphError as error:
            return _refuse(error, headers)

    def _admit(self, call: GraphCall) -> tuple[Target, Served]:
        """What a call is about and which version answers it; raises GraphError where version or app forbid it."""
        self.check_call(call)
        target = self._directory.resolve(call)
        if not target.is_of_ads:
            return target, Served(call.version)
        return target, serve_ads(call.version, upgrades=self._script.app.rules.upgrades_versions)

    def _record(self, call: GraphCall, target: Target) -> tuple[Fault | None, GraphError | None]:
        """Count the call; what the script strikes it with, and the throttle that turns it down."""
        self._usage.record(target.owner, target.edge, target.use_case)
        fault = self._script.faults.take(_traits(call, target))
        if target.metered_id is None:
            return fault, None
        return fault, self._script.throttles.take(target.owner, target.use_case)

    def _usage_headers(self, target: Target) -> Mapping[str, str]:
        if target.metered_id is None:
            return {}
        asked = target.owner, target.use_case
        load = self._script.usage.take(*asked) or self._script.throttles.load(*asked) or self._usage.load(*asked)
        return usage_headers(target.metered_id, target.use_case, load)

    def _handle(self, call: GraphCall, target: Target) -> Mapping[str, object]:
        if target.object_id == targets.DEBUG_TOKEN and call.method == "GET" and target.edge == NODE:
            return self.tokens.describe_token(call)
        caller = self.tokens.authenticate(call)
        if target.object_id == ME:
            return self._answer_me(call, target.edge, caller)
        if target.page is not None:
            return answer_page(call, target, target.page, caller, self.tokens.page_token(target.page))
        self._refuse_dropped(call)
        live = target.live
        if live is None:
            raise errors.missing_object(call.method, target.object_id)
        if live.account not in caller.accounts:
            is_account = target.entity is None and target.report is None
            raise errors.account_forbidden() if is_account else errors.missing_object(call.method, target.object_id)
        reads = call.method == "GET" or target.edge == targets.INSIGHTS
        caller.require(*((READ_ADS, MANAGE_ADS) if reads else (MANAGE_ADS,)))
        if target.edge == targets.INSIGHTS or target.report is not None:
            return self._answer_insights(call, target, live)
        if target.edge == ASSIGNED_USERS and call.method == "GET" and target.entity is None:
            return list_assigned_users(call, caller)
        return self._answer_node(call, target, live)

    def _refuse_dropped(self, call: GraphCall) -> None:
        for each in parse_fields(call.params.get("fields")):
            if each.name in self._script.app.rules.dropped_fields:
                raise errors.dropped_field(each.name)

    def _answer_me(self, call: GraphCall, edge: str, caller: Caller) -> Mapping[str, object]:
        if call.method != "GET":
            raise errors.missing_object(call.method, ME)
        if caller.page is not None and edge == NODE:
            return render_page_node(call, caller.page, self.tokens.page_token(caller.page))
        if caller.page is None and edge == NODE:
            return {"id": caller.user_id, "name": "Sandbox User"}
        if caller.page is None and edge == "adaccounts":
            return list_accounts(call, [live for live in self._accounts if live.account in caller.accounts])
        if caller.page is None and edge == BUSINESS_USERS:
            return list_business_users(call, caller)
        if caller.page is None and edge == "accounts":
            return list_pages(call, caller.pages, self.tokens.page_token)
        raise errors.missing_object(call.method, ME)

    def _answer_insights(self, call: GraphCall, target: Target, live: LiveAccount) -> Mapping[str, object]:
        node_id, kind = _node(target, live)
        check = partial(self._check_rows, target)
        match call.method, target.edge:
            case "GET", targets.INSIGHTS:
                result = self._found.find(call, live, node_id, kind)
                return render_page(call, live, result, check)
            case "POST", targets.INSIGHTS:
                plans = self._script.reports
                return self.reports.begin(call, live, node=(node_id, kind), choose=partial(plans.take, target.owner))
            case "GET", targets.REPORT if target.report is not None:
                return poll_report(call, target.report)
            case "GET", targets.REPORT_ROWS if target.report is not None:
                return read_report(call, target.report, check)
            case _:
                raise errors.missing_object(call.method, target.object_id)

    def _check_rows(self, target: Target, whole: int, page: int) -> None:
        self._script.limits.check(target.owner, target.edge, whole=whole, page=page)

    def _check_listing(self, call: GraphCall, target: Target, whole: Sequence[str], page: Sequence[str]) -> None:
        self._check_rows(target, len(whole), len(page))
        self._script.spoilt.check(call, whole, page)

    def _handle_without_end(self, call: GraphCall, target: Target) -> Mapping[str, object]:
        """As `_handle`, where a script may let pages follow the last one."""
        then = self._script.endless.find(_traits(call, target))
        if then is None:
            return self._handle(call, target)
        place = endless_cursor(call)
        known = call if place is None else replace(call, params={**call.params, "after": ""})
        return without_end(call, self._handle(known, target), then)

    def _answer_node(self, call: GraphCall, target: Target, live: LiveAccount) -> Mapping[str, object]:
        entity = target.entity
        node_id, kind = _node(target, live)
        if call.method == "GET" and has_edge(kind, target.edge):
            return list_entities(call, live, node_id, partial(self._check_listing, call, target))
        if target.edge == NODE:
            if call.method == "GET":
                fields = call.params.get("fields")
                return render_account(live, fields) if entity is None else render_entity(live, entity, fields)
            if entity is not None:
                return apply_change(live, entity, {"status": "DELETED"} if call.method == "DELETE" else call.params)
        raise errors.missing_object(call.method, target.object_id)


async def _strike(fault: Fault, headers: dict[str, str]) -> GraphAnswer | None:
    """Wait, then the wreck of an answer or the fault's error; None where the call shall be answered."""
    headers |= fault.headers
    if fault.delay_seconds:
        await asyncio.sleep(fault.delay_seconds)
    error = fault.error()
    if error is not None:
        raise error
    if fault.form in _UNDONE:
        return GraphAnswer(body=None, status=fault.http_status, headers=headers, form=fault.form)
    return None


def _version_headers(served: Served) -> dict[str, str]:
    headers = {"facebook-api-version": served.version}
    return headers if served.warning is None else headers | {WARNING_HEADER: served.warning}


def _traits(call: GraphCall, target: Target) -> CallTraits:
    level, is_later_page = call.params.get("level"), bool(call.params.get("after"))
    return CallTraits(call.method, target.owner, target.edge, target.object_id, level, is_later_page)


def _refuse(error: GraphError, headers: Mapping[str, str]) -> GraphAnswer:
    return GraphAnswer(body=error.envelope(), status=error.http_status, headers=headers)


def _node(target: Target, live: LiveAccount) -> tuple[str, Kind]:
    entity = target.entity
    return (entity.id, entity.kind) if entity is not None else (live.account.id, Kind.ACCOUNT)
