"""The listing edges: an account's or an entity's campaigns, ad sets and ads, and the accounts of a token.

ARCHIVED and DELETED entities are hidden unless the call names statuses (as Meta's listings do); what a script has
unlisted is hidden always.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.providers.sandbox.answers.filtering import Condition, entity_matches, parse_conditions, parse_statuses
from app.providers.sandbox.answers.node_fields import check_fields, is_field_of, render_account, render_entity
from app.providers.sandbox.answers.paging import take_page
from app.providers.sandbox.world.dataset import DEPTH, Entity, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.providers.sandbox.answers.live_account import LiveAccount
    from app.providers.sandbox.call import GraphCall

ENTITY_EDGES = {"campaigns": Kind.CAMPAIGN, "adsets": Kind.ADSET, "ads": Kind.AD}
_HIDDEN = frozenset({"ARCHIVED", "DELETED"})


def has_edge(kind: Kind, edge: str) -> bool:
    """Whether a node of this kind has the edge: entities are listed under what stands above them."""
    return edge in ENTITY_EDGES and DEPTH[ENTITY_EDGES[edge]] > DEPTH[kind]


def list_accounts(call: GraphCall, accounts: Sequence[LiveAccount]) -> Mapping[str, object]:
    """`me/adaccounts`."""
    places = {live.account.id: (position,) for position, live in enumerate(accounts)}
    page = take_page(call, accounts, lambda live: places[live.account.id])
    rows = [render_account(live, call.params.get("fields")) for live in accounts[page.rows]]
    return _body(call, rows, page.paging, total=len(accounts))


def list_entities(
    call: GraphCall, live: LiveAccount, node_id: str, check: Callable[[Sequence[str], Sequence[str]], None]
) -> Mapping[str, object]:
    """An entity edge of the account or of an entity; `call.path` ends with the edge.

    `check` is told the ids of the whole and of the page before any is rendered.
    """
    check_fields(ENTITY_EDGES[call.path[-1]], call.params.get("fields"))
    listed = _select(call, live, live.list_under(node_id, ENTITY_EDGES[call.path[-1]]))
    page = take_page(call, listed, lambda entity: (live.ordinals[entity.id],))
    check([each.id for each in listed], [each.id for each in listed[page.rows]])
    rows = [render_entity(live, entity, call.params.get("fields")) for entity in listed[page.rows]]
    return _body(call, rows, page.paging, total=len(listed))


def _select(call: GraphCall, live: LiveAccount, entities: Sequence[Entity]) -> list[Entity]:
    kind = ENTITY_EDGES[call.path[-1]]
    conditions, statuses = parse_conditions(call, partial(_is_filterable, kind)), parse_statuses(call)
    entities = [each for each in entities if each.id not in live.account.unlisted_ids]
    if statuses is not None:
        entities = [each for each in entities if live.effective_status(each) in statuses]
    elif not any(condition.on_status for condition in conditions):
        entities = [each for each in entities if live.effective_status(each) not in _HIDDEN]
    return [each for each in entities if live.is_listed(each) and entity_matches(live, each, conditions)]


def _is_filterable(listed: Kind, condition: Condition) -> bool:
    return is_field_of(condition.level or listed, condition.name)


def _body(
    call: GraphCall,
    rows: list[dict[str, object]],
    paging: Mapping[str, object] | None,
    *,
    total: int,
) -> Mapping[str, object]:
    body: dict[str, object] = {"data": rows}
    if paging is not None:
        body["paging"] = paging
    if call.params.get("summary", "").lower() in {"true", "1"}:
        body["summary"] = {"total_count": total}
    return body
