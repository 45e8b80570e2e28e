"""The lists that a filter panel needs: ad accounts, landing pages, strategies."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from app.queries.conditions import Condition, known_by, name_contains
from app.queries.directory import ACCOUNTS, AD_STRATEGIES, BY_NAME, SELLPAGES
from app.queries.listings import Listing
from app.queries.sources import Source
from graphql_schema.account import AdAccount
from graphql_schema.connection import Connection, open_connection
from graphql_schema.context import Info
from graphql_schema.date_range import RangeArgument
from graphql_schema.page_arguments import After, Before, First, Last, PageArguments
from graphql_schema.periods import AsOfArgument, read_period
from graphql_schema.sellpage import AdStrategy, Sellpage
from graphql_schema.text_argument import MAX_NAME_SEARCH, read_text

NameArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Part of the name, case-insensitive, at most 100 characters; % and _ mean themselves. Null: all.",
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
