"""The insights edge: sums of what ads delivered, by level and by span of days (Meta's Insights API).

Every level is the exact sum of its ads. An entity without delivery in a span has no row. Rows come by entity, then
by span of days.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from app.providers.sandbox.answers.actions import WINDOWS
from app.providers.sandbox.answers.field_names import INSIGHT_FIELDS
from app.providers.sandbox.answers.fields import parse_fields
from app.providers.sandbox.answers.filtering import Condition, entity_matches, parse_conditions
from app.providers.sandbox.answers.insight_ranges import Days, cut_into_rows, parse_days
from app.providers.sandbox.answers.insight_rows import BASIC_FIELDS, InsightRow, check_fields, find_metric, render_row
from app.providers.sandbox.answers.node_fields import is_field_of
from app.providers.sandbox.answers.paging import take_page
from app.providers.sandbox.errors import bad_parameter
from app.providers.sandbox.world.dataset import DEPTH, LEVELS, Delivered, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from app.providers.sandbox.answers.fields import AskedField
    from app.providers.sandbox.answers.live_account import LiveAccount
    from app.providers.sandbox.call import GraphCall

_NOT_HERE = ("breakdowns", "sort")
_ACTION_BREAKDOWNS = frozenset({"action_type", "action_target_id", "action_destination"})
"""Actions are broken down by type always; by the others they are not, as Meta mostly leaves those empty."""


class Result(NamedTuple):
    """What a query found, all of it, before it is cut into pages."""

    level: Kind
    days: Days
    fields: Sequence[AskedField]
    rows: Sequence[InsightRow]


def check_insights(call: GraphCall, live: LiveAccount, node_kind: Kind) -> tuple[Kind, Days]:
    """Level and days of a query on a node of that kind; raises GraphError where it asks for what there isn't."""
    level = _level(call, node_kind)
    _fields(call)
    parse_conditions(call, _is_filterable)
    today = live.today()
    cut_into_rows(call, today)
    return level, parse_days(call, today)


def find_insights(call: GraphCall, live: LiveAccount, node_id: str, node_kind: Kind) -> Result:
    """Everything that a query on the account (its bare id) or on an entity is about."""
    level, fields = _level(call, node_kind), _fields(call)
    return Result(level, parse_days(call, live.today()), fields, _collect(call, live, node_id, level))


def render_page(
    call: GraphCall,
    live: LiveAccount,
    result: Result,
    check: Callable[[int, int], None],
) -> Mapping[str, object]:
    """The page that a call asks for; `check` is told the rows of the whole and of the page before any is rendered."""
    page = take_page(call, result.rows, lambda row: _key(live, row))
    rows = result.rows[page.rows]
    check(len(result.rows), len(rows))
    body: dict[str, object] = {"data": [render_row(live, row, result.fields) for row in rows]}
    if page.paging is not None:
        body["paging"] = page.paging
    return body


def _fields(call: GraphCall) -> Sequence[AskedField]:
    for name in _NOT_HERE:
        if call.params.get(name) not in {None, "", "[]"}:
            raise bad_parameter(f"Param {name} is not supported here")
    _list_of(call, "action_breakdowns", _ACTION_BREAKDOWNS)
    _list_of(call, "action_attribution_windows", WINDOWS)
    fields = parse_fields(call.params.get("fields"), BASIC_FIELDS)
    check_fields(fields)
    return fields


def _list_of(call: GraphCall, name: str, known: Collection[str]) -> tuple[str, ...]:
    document = call.find_json(name)
    if document is None:
        return ()
    values = tuple(map(str, cast("list[object]", document))) if isinstance(document, list) else (str(document),)
    if any(value not in known for value in values):
        raise bad_parameter(f"Param {name}[0] must be one of {{{', '.join(sorted(known))}}}")
    return values


def _level(call: GraphCall, node_kind: Kind) -> Kind:
    name = call.params.get("level") or node_kind
    if name not in LEVELS:
        raise bad_parameter("Param level must be one of {ad, adset, campaign, account}")
    if DEPTH[Kind(name)] < DEPTH[node_kind]:
        raise bad_parameter(f"Param level must not be above the {node_kind} that is asked")
    return Kind(name)


def _collect(call: GraphCall, live: LiveAccount, node_id: str, level: Kind) -> list[InsightRow]:
    conditions = parse_conditions(call, _is_filterable)
    on_entities = [each for each in conditions if _is_on_entities(each)]
    on_metrics = [each for each in conditions if not _is_on_entities(each)]
    owners = _owners(live, node_id, level, on_entities)
    by_owner: defaultdict[str, list[InsightRow]] = defaultdict(list)
    windows = _list_of(call, "action_attribution_windows", WINDOWS)
    today = live.today()
    for span in cut_into_rows(call, today):
        for owner_id, sums in _sum(live, span, owners).items():
            if any(sums):
                by_owner[owner_id].append(InsightRow(live.entities.get(owner_id), span, Delivered._make(sums), windows))
    rows = [
        row for owner_id in sorted(by_owner, key=lambda each: live.ordinals.get(each, 0)) for row in by_owner[owner_id]
    ]
    if not on_metrics:
        return rows
    return [row for row in rows if all(each.holds(find_metric(live, row, each.name)) for each in on_metrics)]


def _is_filterable(condition: Condition) -> bool:
    return _is_on_entities(condition) or condition.name in INSIGHT_FIELDS


def _is_on_entities(condition: Condition) -> bool:
    """Whether a condition is about an entity itself, not about a metric of its rows."""
    return condition.level is not None and is_field_of(condition.level, condition.name)


def _owners(live: LiveAccount, node_id: str, level: Kind, conditions: Sequence[Condition]) -> dict[str, str]:
    """Ad id → id of the entity (or account) whose row it counts for, for the ads that are asked about."""
    ads = [live.entities[node_id]] if node_id in live.entities else []
    if not ads or ads[0].kind is not Kind.AD:
        ads = live.list_under(node_id, Kind.AD)
    return {
        ad.id: next((each.id for each in live.lineage(ad.id) if each.kind is level), live.account.id)
        for ad in ads
        if not conditions or entity_matches(live, ad, conditions)
    }


def _sum(live: LiveAccount, span: Days, owners: Mapping[str, str]) -> dict[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for day in _each_day(live, span):
        for ad_id, delivered in live.list_ad_days(day):
            owner_id = owners.get(ad_id)
            if owner_id is None:
                continue
            total = sums.get(owner_id)
            sums[owner_id] = (
                list(delivered) if total is None else [have + more for have, more in zip(total, delivered, strict=True)]
            )
    return sums


def _each_day(live: LiveAccount, span: Days) -> Iterator[date]:
    day, last = max(span.since, live.account.delivery.first_day), min(span.until, live.today())
    while day <= last:
        yield day
        day += timedelta(days=1)


def _key(live: LiveAccount, row: InsightRow) -> tuple[int, ...]:
    place = live.ordinals[row.entity.id] if row.entity is not None else 0
    return place, row.days.since.toordinal(), row.days.until.toordinal()
