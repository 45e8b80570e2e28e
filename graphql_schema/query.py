"""The root of everything that can be read."""

import strawberry

from graphql_schema.days.daily_summary import DailySummary, find_daily_summary
from graphql_schema.days.leaderboards import Leaderboard, find_leaderboard
from graphql_schema.entities.account import AdAccount
from graphql_schema.entities.ad import Ad
from graphql_schema.entities.adset import Adset
from graphql_schema.entities.campaign import Campaign
from graphql_schema.entities.connection import EntityConnection
from graphql_schema.entities.directory import list_accounts, list_sellpages, list_strategies
from graphql_schema.entities.filter_options import FilterOptions, get_filter_options
from graphql_schema.entities.lists import list_ads, list_adsets, list_campaigns
from graphql_schema.entities.sellpage import AdStrategy, Sellpage
from graphql_schema.entities.viewer import Viewer, get_viewer
from graphql_schema.fb_pages.pages import Page, list_pages
from graphql_schema.node_lookup import find_ad, find_adset, find_campaign, find_node, find_page, find_run, list_nodes
from graphql_schema.numbers.metric_definitions import MetricDefinition, list_metric_definitions
from graphql_schema.paging.connection import Connection
from graphql_schema.runs.runs import SyncRun, list_runs
from graphql_schema.types.node import Node


@strawberry.type(description="Everything that can be read. All of it is the seller's that the access token is for.")
class Query:
    viewer: Viewer = strawberry.field(resolver=get_viewer, description="Who is asking.")
    node: Node | None = strawberry.field(
        resolver=find_node,
        description="Anything by its global id. Null: there is no such thing for this seller.",
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=list_nodes,
        description="Several things by their global ids, in the order asked for. Null items: no such thing.",
    )
    campaigns: EntityConnection[Campaign] = strawberry.field(
        resolver=list_campaigns,
        description="The seller's campaigns.",
    )
    adsets: EntityConnection[Adset] = strawberry.field(resolver=list_adsets, description="The seller's ad sets.")
    ads: EntityConnection[Ad] = strawberry.field(resolver=list_ads, description="The seller's ads.")
    campaign: Campaign | None = strawberry.field(
        resolver=find_campaign,
        description="A campaign by its id; its range is the last 7 days. Null: no such campaign.",
    )
    adset: Adset | None = strawberry.field(
        resolver=find_adset,
        description="An ad set by its id; its range is the last 7 days. Null: no such ad set.",
    )
    ad: Ad | None = strawberry.field(
        resolver=find_ad,
        description="An ad by its id; its range is the last 7 days. Null: no such ad.",
    )
    ad_accounts: Connection[AdAccount] = strawberry.field(
        resolver=list_accounts,
        description="The seller's ad accounts by name, deactivated ones included.",
    )
    sellpages: Connection[Sellpage] = strawberry.field(
        resolver=list_sellpages,
        description="The seller's landing pages by name.",
    )
    ad_strategies: Connection[AdStrategy] = strawberry.field(
        resolver=list_strategies,
        description="The seller's ad strategies by name.",
    )
    leaderboard: Leaderboard | None = strawberry.field(
        resolver=find_leaderboard,
        description="Who did best on a day: provisionally from the morning after it, for good once it is closed. Null: "
        "the day has not been ranked yet, or nothing took part (in ad accounts of this currency).",
    )
    daily_summary: DailySummary | None = strawberry.field(
        resolver=find_daily_summary,
        description="The seller's day. Null: it has not been aggregated; that is done in the morning after it.",
    )
    pages: Connection[Page] = strawberry.field(
        resolver=list_pages,
        description="The seller's pages by name, deactivated ones included.",
    )
    page: Page | None = strawberry.field(resolver=find_page, description="A page by its id. Null: no such page.")
    filter_options: FilterOptions = strawberry.field(
        resolver=get_filter_options,
        description="What a filter panel offers.",
    )
    sync_runs: Connection[SyncRun] = strawberry.field(resolver=list_runs, description="Runs of syncs, newest first.")
    sync_run: SyncRun | None = strawberry.field(
        resolver=find_run,
        description="A run by its id. Null: no such run.",
    )
    metric_definitions: list[MetricDefinition] = strawberry.field(
        resolver=list_metric_definitions,
        description="What every metric is and how it comes about. Needs no access token.",
    )
