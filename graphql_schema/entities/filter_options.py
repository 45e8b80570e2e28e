"""What a filter panel offers while somebody types: names that begin so, of everything that can be filtered by."""

from typing import Annotated, Any

import strawberry

from app.errors import InputError
from app.metrics.levels import Level
from app.providers.page_metrics import PAGE_METRICS, POST_METRICS
from app.queries.lists.conditions import name_starts
from app.queries.lists.directory import ACCOUNTS, AD_STRATEGIES, BY_NAME, SELLPAGES
from app.queries.lists.entities import ENTITIES
from app.queries.lists.listings import Listing, Window
from app.queries.lists.sources import Source
from app.services.reads.lists import PageRequest
from graphql_schema.arguments.text_argument import MAX_NAME_SEARCH, read_text
from graphql_schema.context import Info
from graphql_schema.paging.page_arguments import DEFAULT_SIZE, TOP_LIMIT
from graphql_schema.types.global_id import global_id

PrefixArgument = Annotated[
    str | None,
    strawberry.argument(
        description="The start of the name, case-insensitive, at most 100 characters. Null: any name.",
    ),
]
FirstArgument = Annotated[
    int | None,
    strawberry.argument(name="first", description=f"How many: 1 to {TOP_LIMIT}. Null: {DEFAULT_SIZE}."),
]


@strawberry.type(description="An option of a filter.")
class FilterOption:
    value: strawberry.ID = strawberry.field(description="The global id, for the filter.")
    name: str = strawberry.field(description="The name to show.")


async def list_options(
    info: Info, source: Source[Any], type_name: str, prefix: str | None, first: int | None
) -> list[FilterOption]:
    """The first options of one kind, by name. Raises InputError naming `prefix` or `first`."""
    size = DEFAULT_SIZE if first is None else first
    if not 1 <= size <= TOP_LIMIT:
        raise InputError("first", f"must be from 1 to {TOP_LIMIT}, not {size}")
    chosen = () if prefix is None else (name_starts(read_text(prefix, "prefix", limit=MAX_NAME_SEARCH)),)
    request = PageRequest(Listing(source, chosen, BY_NAME), Window(size))
    page = await info.context.loaders.pages.load(request)
    return [FilterOption(value=global_id(type_name, row.id), name=row.name) for row in page.rows]


def _options(source: Source[Any], type_name: str, description: str) -> Any:
    """A field that lists options of one kind."""

    async def resolve(info: Info, prefix: PrefixArgument = None, first: FirstArgument = None) -> list[FilterOption]:
        return await list_options(info, source, type_name, prefix, first)

    return strawberry.field(resolver=resolve, description=description)


async def list_currencies(info: Info) -> list[str]:
    calendar = await info.context.reading.load_calendar()
    return sorted({account.currency for account in calendar.accounts.values()})


@strawberry.type(description="The options that the filters of lists offer, for a panel with search as you type.")
class FilterOptions:
    ad_accounts: list[FilterOption] = _options(ACCOUNTS, "AdAccount", "Ad accounts by name, for `accountIds`.")
    sellpages: list[FilterOption] = _options(SELLPAGES, "Sellpage", "Landing pages by name, for `sellpageIds`.")
    ad_strategies: list[FilterOption] = _options(
        AD_STRATEGIES, "AdStrategy", "Strategies by name, for `adStrategyIds`."
    )
    campaigns: list[FilterOption] = _options(
        ENTITIES[Level.CAMPAIGN], "Campaign", "Campaigns by name, for `campaignIds` and `ids`."
    )
    adsets: list[FilterOption] = _options(ENTITIES[Level.ADSET], "Adset", "Ad sets by name, for `adsetIds` and `ids`.")
    ads: list[FilterOption] = _options(ENTITIES[Level.AD], "Ad", "Ads by name, for `ids`.")
    currencies: list[str] = strawberry.field(
        resolver=list_currencies,
        description="ISO 4217 codes of the ad accounts, in alphabetical order, for `currency`.",
    )
    page_metrics: list[str] = strawberry.field(
        description="The platform's names of page metrics, for `Page.series`; `Page.metrics` says which are alive.",
    )
    post_metrics: list[str] = strawberry.field(
        description="The platform's names of post metrics, for the order of `Page.posts`.",
    )


def get_filter_options(info: Info) -> FilterOptions:
    info.context.caller  # noqa: B018  # only for who is known
    return FilterOptions(page_metrics=list(PAGE_METRICS), post_metrics=list(POST_METRICS))
