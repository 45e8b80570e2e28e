"""Relay connections over any list. Nothing is read before a field of the connection asks for it.

https://relay.dev/graphql/connections.htm
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import strawberry

from app.queries.lists.listings import Listing, Window
from app.queries.lists.walks import Walk
from app.services.reads.lists import PageReading, PageRequest
from app.services.reads.walk_parts import WalkPosition
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.fields.selection import selects
from graphql_schema.paging.cursors import Cursors
from graphql_schema.paging.page_arguments import NESTED_LIMIT, TOP_LIMIT, PageArguments

T = TypeVar("T")


@strawberry.type(description="Where a page is in the list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list has items after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has items before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first item. Null: the page is empty.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last item. Null: the page is empty.")


@strawberry.type(name="Edge", description="An item of a list, and its position.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The item's position, for `after` and `before` of this list.")
    node: T = strawberry.field(description="The item.")


async def load_pages(parents: "list[Connection[Any]]", info: Info) -> list[PageReading[Any]]:
    """The pages of many connections at once."""
    return await info.context.loaders.pages.load_many([PageRequest(c.listing, c.window) for c in parents])


async def load_nodes(parents: Parents, info: Info) -> list[Any]:
    pages = await load_pages(parents, info)
    return [[c.make(row) for row in page.rows] for c, page in zip(parents, pages, strict=True)]


async def load_edges(parents: Parents, info: Info) -> list[Any]:
    pages = await load_pages(parents, info)
    cursors = await write_cursors(parents, pages, info)
    return [
        [Edge(cursor=cursor, node=c.make(row)) for cursor, row in zip(of_page, page.rows, strict=True)]
        for c, page, of_page in zip(parents, pages, cursors, strict=True)
    ]


async def load_page_infos(parents: Parents, info: Info) -> list[PageInfo]:
    pages = await load_pages(parents, info)
    cursors = await write_cursors(parents, pages, info)
    return [
        PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=of_page[0] if of_page else None,
            end_cursor=of_page[-1] if of_page else None,
        )
        for page, of_page in zip(pages, cursors, strict=True)
    ]


async def write_cursors(
    parents: "Sequence[Connection[Any]]", pages: Sequence[PageReading[Any]], info: Info
) -> list[list[str]]:
    """A cursor for every row of every page. Walks that go on beyond their page are pinned where a client sees one."""
    shown = selects(info, "cursor", "startCursor", "endCursor")
    going_on = [
        page.part.walk
        for page in pages
        if shown and page.rows and page.part and page.part.walk and (page.has_next or page.has_previous)
    ]
    names = dict(zip(going_on, await info.context.loaders.kept_walks.load_many(going_on), strict=True))
    return [
        [c.cursors.write(position) for position in _positions(page, names)]
        if page.part
        else [c.cursors.write_row(row) for row in page.rows]
        for c, page in zip(parents, pages, strict=True)
    ]


def _positions(page: PageReading[Any], names: Mapping[Walk, str]) -> Iterable[WalkPosition]:
    """Places in a walk, under the name that it is pinned by; by the rows that stand there, when it is not."""
    if page.part is None:
        return []
    there = {row.id for row in page.rows}
    positions = page.part.positions(names.get(page.part.walk) if page.part.walk else None)
    return (position for position, key in zip(positions, page.part.ids, strict=True) if key in there)


async def load_counts(parents: Parents, info: Info) -> list[int]:
    return await info.context.loaders.counts.load_many([c.listing for c in parents])


@strawberry.type(name="Connection", description="One page of a list. Only selected fields are computed.")
class Connection(Generic[T]):
    listing: strawberry.Private[Listing[Any]]
    window: strawberry.Private[Window]
    cursors: strawberry.Private[Cursors]
    make: strawberry.Private[Callable[[Any], Any]]

    nodes: list[T] = batched(load_nodes, description="The items on the page, in the list's order.")
    edges: list[Edge[T]] = batched(load_edges, description="The items on the page, each with its cursor.")
    page_info: PageInfo = batched(load_page_infos, description="Where the page is in the list.")
    total_count: int = batched(
        load_counts,
        description="How many items the whole list has now. (Paging through a pinned order follows the items of its "
        "first page.)",
    )


def open_connection(
    info: Info,
    listing: Listing[Any],
    page: PageArguments,
    make: Callable[[Any], Any],
) -> Connection[Any]:
    """A page of a list. Raises InputError for paging arguments that are wrong."""
    window, cursors = open_window(info, listing, page)
    return Connection(listing=listing, window=window, cursors=cursors, make=make)


def open_window(info: Info, listing: Listing[Any], page: PageArguments) -> tuple[Window, Cursors]:
    """Which part of the list, and the cursors of the list."""
    cursors = Cursors(listing, info.context.caller.seller_id)
    return page.window(cursors, limit=NESTED_LIMIT if listing.parent else TOP_LIMIT), cursors
