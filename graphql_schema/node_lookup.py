"""Anything by its global id. Another seller's thing is answered like one that does not exist."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import strawberry

from app.errors import InputError
from app.queries.lists.directory import ACCOUNTS, AD_STRATEGIES, SELLPAGES
from app.queries.lists.entities import ENTITIES
from app.queries.lists.fb_pages import PAGES, POSTS
from app.queries.lists.runs import JOBS, RUNS
from app.queries.lists.sources import Source
from graphql_schema.arguments.periods import DEFAULT_PERIOD
from graphql_schema.context import Info
from graphql_schema.entities.account import AdAccount
from graphql_schema.entities.ad import Ad
from graphql_schema.entities.ad_entity import ENTITY_TYPES
from graphql_schema.entities.adset import Adset
from graphql_schema.entities.campaign import Campaign
from graphql_schema.entities.sellpage import AdStrategy, Sellpage
from graphql_schema.fb_pages.pages import Page
from graphql_schema.fb_pages.posts import PagePost
from graphql_schema.runs.runs import Job, SyncRun
from graphql_schema.types.global_id import GlobalId, read_global_id, read_id
from graphql_schema.types.node import Node

MAX_NODES = 100

# Where the rows of a node type come from, and what a row becomes.
NODES: dict[str, tuple[Source[Any], Callable[[Any], Any]]] = {
    **{
        entity.__name__: (ENTITIES[level], lambda row, entity=entity: entity.of(row, DEFAULT_PERIOD))
        for level, entity in ENTITY_TYPES.items()
    },
    AdAccount.__name__: (ACCOUNTS, AdAccount.of),
    Sellpage.__name__: (SELLPAGES, Sellpage.of),
    AdStrategy.__name__: (AD_STRATEGIES, AdStrategy.of),
    SyncRun.__name__: (RUNS, SyncRun.of),
    Job.__name__: (JOBS, Job.of),
    Page.__name__: (PAGES, Page.of),
    PagePost.__name__: (POSTS, PagePost.of),
}

IdArgument = Annotated[strawberry.ID, strawberry.argument(name="id", description="A global id of this type.")]
NodeIdArgument = Annotated[strawberry.ID, strawberry.argument(name="id", description="Any global id.")]
IdsArgument = Annotated[
    list[strawberry.ID],
    strawberry.argument(description=f"Global ids of any types; at most {MAX_NODES}."),
]


def _node_id(text: str, argument: str) -> GlobalId:
    found = read_global_id(text, argument)
    if found.type_name not in NODES:
        raise InputError(argument, "is not an id of this API")
    return found


async def _load(info: Info, wanted: GlobalId) -> Any:
    source, make = NODES[wanted.type_name]
    row = await info.context.loaders.rows(source).load(wanted.id)
    return None if row is None else make(row)


async def find_node(info: Info, id_: NodeIdArgument) -> Node | None:
    return await _load(info, _node_id(id_, "id"))


async def list_nodes(info: Info, ids: IdsArgument) -> list[Node | None]:
    wanted = _node_ids(ids)
    by_type = {name: [found.id for found in wanted if found.type_name == name] for name, _ in wanted}
    nodes: dict[GlobalId, Any] = {}
    for name, keys in by_type.items():
        source, make = NODES[name]
        rows = await info.context.loaders.rows(source).load_many(keys)
        nodes.update({GlobalId(name, key): make(row) for key, row in zip(keys, rows, strict=True) if row})
    return [nodes.get(key) for key in wanted]


def _node_ids(ids: Sequence[str]) -> list[GlobalId]:
    if len(ids) > MAX_NODES:
        raise InputError("ids", f"has {len(ids)} ids, more than the limit of {MAX_NODES}")
    return [_node_id(text, f"ids.{place}") for place, text in enumerate(ids)]


async def find_campaign(info: Info, id_: IdArgument) -> Campaign | None:
    return await _load(info, GlobalId("Campaign", read_id(id_, "Campaign", "id")))


async def find_adset(info: Info, id_: IdArgument) -> Adset | None:
    return await _load(info, GlobalId("Adset", read_id(id_, "Adset", "id")))


async def find_ad(info: Info, id_: IdArgument) -> Ad | None:
    return await _load(info, GlobalId("Ad", read_id(id_, "Ad", "id")))


async def find_page(info: Info, id_: IdArgument) -> Page | None:
    return await _load(info, GlobalId("Page", read_id(id_, "Page", "id")))


async def find_run(info: Info, id_: IdArgument) -> SyncRun | None:
    return await _load(info, GlobalId("SyncRun", read_id(id_, "SyncRun", "id")))
