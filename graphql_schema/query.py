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


@strawberry.type(description="All reads. Everything belongs to the seller that the access token is for.")
class Query:
    viewer: Viewer = strawberry.field(resolver=get_viewer, description="The user who is asking, and the seller.")
    node: Node | None = strawberry.field(
        resolver=find_node,
        description="Any object by its global id. Null: the seller has no such object.",
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=list_nodes,
        description="Several objects by their global ids, in the requested order. Null items: the seller has no such "
        "object.",
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
        description="The best of a day: provisional from the morning after it, final once the day is closed. Null: "
        "the day has not been ranked yet, or there was nothing to rank (in ad accounts with this currency).",
    )
    daily_summary: DailySummary | None = strawberry.field(
        resolver=find_daily_summary,
        description="A summary of the seller's day. Null: it has not been aggregated yet, which happens the morning "
        "after.",
    )
    pages: Connection[Page] = strawberry.field(
        resolver=list_pages,
        description="The seller's pages by name, deactivated ones included.",
    )
    page: Page | None = strawberry.field(resolver=find_page, description="A page by its id. Null: no such page.")
    filter_options: FilterOptions = strawberry.field(
        resolver=get_filter_options,
        description="The options of the filters of lists.",
    )
    sync_runs: Connection[SyncRun] = strawberry.field(resolver=list_runs, description="Sync runs, newest first.")
    sync_run: SyncRun | None = strawberry.field(
        resolver=find_run,
        description="A run by its id. Null: no such run.",
    )
    metric_definitions: list[MetricDefinition] = strawberry.field(
        resolver=list_metric_definitions,
        description="What every metric means and how it is computed. Needs no access token.",
    )
