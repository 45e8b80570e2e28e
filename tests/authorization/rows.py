"""What is asked for, row by row: how, with which ids, who may, and what exactly they see then.

A new root field of the schema, and a new node type, needs a row here; `test_completeness.py` says so. Rows ask with
ids of our seller: somebody of another seller must get what ids that exist nowhere give (`stranger`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.metrics.definitions import METRICS
from graphql_schema.types.global_id import global_id
from graphql_schema.types.permissions import Permission, permissions_of
from tests.authorization.planting import DAY, ENDED_JOB

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tests.authorization.world import Side, Stage

Ids = dict[str, str]


@dataclass(frozen=True)
class Sight:
    """What a member sees it from: their seller's things, their role, and the ids that were asked with."""

    side: Side
    user: str
    role: str
    ids: Mapping[str, str]


async def _our_ids(stage: Stage) -> Ids:
    return dict(stage.ours.ids)


def _without_variables(_ids: Mapping[str, str]) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Row:
    """`needs`: the permission; None: not even a token. `stranger`: None where the answer holds the asker's own."""

    document: str
    data: Callable[[Sight], object]
    needs: Permission | None = Permission.READ
    variables: Callable[[Mapping[str, str]], dict[str, Any]] = _without_variables
    stranger: Callable[[Mapping[str, str]], object] | None = None
    prepare: Callable[[Stage], Awaitable[Ids]] = _our_ids
    asks_meta: bool = False


def _list(field: str, type_name: str, text: str = "name", arguments: str = "") -> Row:
    def data(sight: Sight) -> object:
        return {field: {"nodes": [{"id": sight.side.ids[type_name], text: sight.side.text(type_name)}]}}

    return Row(document=f"{{ {field}{arguments} {{ nodes {{ id {text} }} }} }}", data=data)


def _thing(field: str, type_name: str, text: str = "name") -> Row:
    def data(sight: Sight) -> object:
        return {field: {"id": sight.ids[type_name], text: sight.side.text(type_name)}}

    return Row(
        document=f"query ($id: ID!) {{ {field}(id: $id) {{ id {text} }} }}",
        variables=lambda ids: {"id": ids[type_name]},
        data=data,
        stranger=lambda _: {field: None},
    )


def _viewer(sight: Sight) -> object:
    permissions = [str(permission) for permission in permissions_of(sight.role)]
    who = {"user": {"name": sight.user}, "seller": {"slug": sight.side.slug}}
    return {"viewer": {**who, "role": sight.role, "permissions": permissions}}


def _filter_options(sight: Sight) -> object:
    types = {"adAccounts": "AdAccount", "sellpages": "Sellpage", "adStrategies": "AdStrategy"}
    types |= {"campaigns": "Campaign", "adsets": "Adset", "ads": "Ad"}
    lists = {field: [{"value": sight.side.ids[kind], "name": sight.side.text(kind)}] for field, kind in types.items()}
    return {"filterOptions": {"currencies": ["USD"], **lists}}


def _board(sight: Sight) -> object:
    best = {"id": sight.side.ids["Campaign"], "name": sight.side.text("Campaign")}
    return {"leaderboard": {"entries": [{"entity": best}]}}


def _summary(sight: Sight) -> object:
    missing = [
        {"reason": f"{sight.side.canary} reason", "connection": {"id": sight.side.ids[kind]}}
        for kind in ("AdAccount", "Page")
    ]
    return {"dailySummary": {"totals": [{"impressions": 1}], "missing": missing}}


_OPTIONS = " ".join(
    f"{field} {{ value name }}" for field in ("adAccounts", "sellpages", "adStrategies", "campaigns", "adsets", "ads")
)

QUERIES: dict[str, Row] = {
    "viewer": Row(document="{ viewer { user { name } seller { slug } role permissions } }", data=_viewer),
    "campaigns": _list("campaigns", "Campaign"),
    "adsets": _list("adsets", "Adset"),
    "ads": _list("ads", "Ad"),
    "campaign": _thing("campaign", "Campaign"),
    "adset": _thing("adset", "Adset"),
    "ad": _thing("ad", "Ad"),
    "adAccounts": _list("adAccounts", "AdAccount"),
    "sellpages": _list("sellpages", "Sellpage"),
    "adStrategies": _list("adStrategies", "AdStrategy"),
    "leaderboard": Row(
        document=f"""{{ leaderboard(level: CAMPAIGN, metric: SPEND, date: "{DAY}") {{
          entries {{ entity {{ id name }} }} }} }}""",
        data=_board,
    ),
    "dailySummary": Row(
        document=f"""{{ dailySummary(date: "{DAY}") {{
          totals {{ impressions }} missing {{ reason connection {{ id }} }} }} }}""",
        data=_summary,
    ),
    "pages": _list("pages", "Page"),
    "page": _thing("page", "Page"),
    "filterOptions": Row(document=f"{{ filterOptions {{ currencies {_OPTIONS} }} }}", data=_filter_options),
    "syncRuns": _list("syncRuns", "SyncRun", "reason", "(last: 1)"),  # the oldest: mutations add newer ones
    "syncRun": _thing("syncRun", "SyncRun", "reason"),
    "metricDefinitions": Row(
        document="{ metricDefinitions { name } }",
        needs=None,
        data=lambda _: {"metricDefinitions": [{"name": metric.graphql_name} for metric in METRICS]},
    ),
}
META_FIELDS: dict[str, Row] = {
    "__typename": Row(document="{ __typename }", needs=None, data=lambda _: {"__typename": "Query"}),
    "__schema": Row(
        document="{ __schema { queryType { name } } }",
        needs=None,
        data=lambda _: {"__schema": {"queryType": {"name": "Query"}}},
    ),
    "__type": Row(
        document='{ __type(name: "Viewer") { name } }', needs=None, data=lambda _: {"__type": {"name": "Viewer"}}
    ),
}


async def _with_ended_job(stage: Stage) -> Ids:
    """Our ids, the job being the one that has ended."""
    query = "SELECT id FROM jobs WHERE seller_id = $1 AND key LIKE '%' || $2"
    job = await stage.world.read(query, stage.ours.tenant.seller_id, ENDED_JOB)
    return {**stage.ours.ids, "Job": global_id("Job", job)}


def _warnings(type_name: str, field: str, prepare: Callable[[Stage], Awaitable[Ids]] = _our_ids) -> Row:
    """Warnings under a node."""

    def data(sight: Sight) -> object:
        return {"node": {field: [{"message": sight.side.text("SyncWarning")}]}}

    return Row(
        document=f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {field} {{ message }} }} }} }}",
        variables=lambda ids: {"id": ids[type_name]},
        data=data,
        prepare=prepare,
        stranger=lambda _: {"node": None},
    )


# Fields below the root whose rows are read by themselves.
FIELDS: dict[str, Row] = {
    "AdAccount.syncWarnings": _warnings("AdAccount", "syncWarnings"),
    "Page.syncWarnings": _warnings("Page", "syncWarnings"),
    "Job.warnings": _warnings("Job", "warnings", _with_ended_job),
}
# The field of each node type that holds a text of the seller's.
NODE_TEXTS = {
    "Ad": "name",
    "AdAccount": "name",
    "AdStrategy": "name",
    "Adset": "name",
    "Campaign": "name",
    "Job": "key",
    "Page": "name",
    "PagePost": "message",
    "Sellpage": "name",
    "SyncRun": "reason",
}


def node_rows(type_name: str) -> dict[str, Row]:
    """A node type by `node` and by `nodes`."""
    text = NODE_TEXTS[type_name]
    found = f"__typename id ... on {type_name} {{ {text} }}"

    def thing(sight: Sight) -> object:
        return {"__typename": type_name, "id": sight.ids[type_name], text: sight.side.text(type_name)}

    return {
        f"node({type_name})": Row(
            document=f"query ($id: ID!) {{ node(id: $id) {{ {found} }} }}",
            variables=lambda ids: {"id": ids[type_name]},
            data=lambda sight: {"node": thing(sight)},
            stranger=lambda _: {"node": None},
        ),
        f"nodes({type_name})": Row(
            document=f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {found} }} }}",
            variables=lambda ids: {"ids": [ids[type_name]]},
            data=lambda sight: {"nodes": [thing(sight)]},
            stranger=lambda _: {"nodes": [None]},
        ),
    }
