"""The lists that a filter panel needs: ad accounts, landing pages, strategies."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from app.queries.lists.conditions import Condition, known_by, name_contains
from app.queries.lists.directory import ACCOUNTS, AD_STRATEGIES, BY_NAME, SELLPAGES
from app.queries.lists.listings import Listing
from app.queries.lists.sources import Source
from graphql_schema.arguments.date_range import RangeArgument
from graphql_schema.arguments.periods import AsOfArgument, read_period
from graphql_schema.arguments.text_argument import MAX_NAME_SEARCH, read_text
from graphql_schema.context import Info
from graphql_schema.entities.account import AdAccount
from graphql_schema.entities.sellpage import AdStrategy, Sellpage
from graphql_schema.paging.connection import Connection, open_connection
from graphql_schema.paging.page_arguments import After, Before, First, Last, PageArguments

NameArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Part of the name, case-insensitive, at most 100 characters; % and _ are literal. Null: all.",
    ),
]


def list_accounts(
    info: Info,
    name: NameArgument = None,
    range_: RangeArgument = None,
    as_of: AsOfArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[AdAccount]:
    period = read_period(info, range_, as_of)
    page = PageArguments(first=first, after=after, last=last, before=before)
    return _open(info, ACCOUNTS, lambda row: AdAccount.of(row, period), name, page, known=known_by(period.as_of))


def list_sellpages(
    info: Info,
    name: NameArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[Sellpage]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    return _open(info, SELLPAGES, Sellpage.of, name, page)


def list_strategies(
    info: Info,
    name: NameArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[AdStrategy]:
    page = PageArguments(first=first, after=after, last=last, before=before)
    return _open(info, AD_STRATEGIES, AdStrategy.of, name, page)


def _open(
    info: Info,
    source: Source[Any],
    make: Callable[[Any], Any],
    name: str | None,
    page: PageArguments,
    *,
    known: tuple[Condition, ...] = (),
) -> Connection[Any]:
    """A list by name, of those whose name contains the text."""
    chosen = () if name is None else (name_contains(read_text(name, "name", limit=MAX_NAME_SEARCH)),)
    return open_connection(info, Listing(source, (*known, *chosen), BY_NAME), page, make)
