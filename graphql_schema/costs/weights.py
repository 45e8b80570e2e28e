"""What each field costs beyond the values it answers with: the one table of weights.

A value of an answer, object or leaf, costs 1. This table lists what costs more: lists, by how many items they may have,
and fields that read, by their cost in the database (in the work of reading one value). A field that is not listed is
one value or object already in memory. All are upper bounds: nothing here knows how much data a seller has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from app.metrics.definitions import METRICS
from app.providers.page_metrics import PAGE_METRICS, POST_METRICS
from graphql_schema.costs.expressions import Expression, Known, apply
from graphql_schema.fb_pages.metrics import MAX_NAMES
from graphql_schema.fields.point_budget import MAX_POINTS
from graphql_schema.node_lookup import MAX_NODES
from graphql_schema.paging.page_arguments import DEFAULT_SIZE, NESTED_LIMIT, TOP_LIMIT
from graphql_schema.types.global_id import MAX_IDS

if TYPE_CHECKING:
    from graphql import GraphQLNamedType

    from graphql_schema.costs.scope import FieldUse

__all__ = ["WEIGHTS", "Weight", "weight_of"]

Size = Callable[["FieldUse"], Expression[int]]


def fixed(count: int) -> Size:
    """A list with at most about `count` items."""
    return lambda _use: Known(count)


def one(_use: FieldUse) -> Expression[int]:
    return Known(1)


def opened(use: FieldUse) -> Expression[int]:
    """As many items as the field above has set: a page, the points of a series."""
    return use.scope.size


def days(use: FieldUse) -> Expression[int]:
    """One item for each day of the range."""
    return use.scope.days


def page(limit: int, *, default: int = DEFAULT_SIZE) -> Size:
    """The size of a page: `first` or `last`, up to the argument's limit."""
    return lambda use: apply(partial(_page_size, limit, default), use.argument("first"), use.argument("last"))


def length(*path: str, limit: int, default: int = 1) -> Size:
    """One item for each item of an argument."""
    return lambda use: apply(partial(_length, limit, default), use.argument(*path))


def points(use: FieldUse) -> Expression[int]:
    """The points of a series: its range in days, weeks or months, including partial ones at both ends."""
    return apply(_points, use.argument("granularity"), use.scope.days)


def _page_size(limit: int, default: int, first: object, last: object) -> int:
    given = next(
        (size for size in (first, last) if isinstance(size, int | float) and not isinstance(size, bool)), default
    )
    return int(max(1, min(given, limit)))


def _length(limit: int, default: int, given: object) -> int:
    if given is None:
        return default
    return min(len(cast("list[object]", given)), limit) if isinstance(given, list) else 1


def _points(granularity: object, count: int) -> int:
    length_of_point = {"WEEK": 7, "MONTH": 28}.get(str(granularity))
    return min(count if length_of_point is None else count // length_of_point + 2, MAX_POINTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What one field of a document costs besides the values in its answer.

    `work`: reading it once for its parent. `past`: extra work as of an instant, from snapshots. `chosen`: extra work if
    the client filters or orders. `item_work`: reading each item. `items`: how many items there are. `opens`: how many
    items a list directly below has. `scans`: how many times it goes through the daily rows of all that its list
    matches; a list by itself does once if it is filtered or ordered by metrics. `scan`: what that costs a day.
    """

    work: int = 0
    past: int = 0
    chosen: int = 0
    item_work: int = 0
    items: Size = one
    opens: Size | None = None
    scans: int = 0
    scan: int = 0


PLAIN = Weight()
_TOP = Weight(work=5, opens=page(TOP_LIMIT))
_NESTED = Weight(work=5, opens=page(NESTED_LIMIT))
# For a seller with 4,000 ads; the children of all parents together are those of the seller.
_SCAN, _SCAN_BELOW = 100, 1
_ENTITIES = Weight(work=5, past=20, chosen=50, opens=page(TOP_LIMIT), scan=_SCAN)
_ENTITIES_BELOW = Weight(work=5, past=20, chosen=20, opens=page(NESTED_LIMIT), scan=_SCAN_BELOW)
_METRICS = Weight(work=5, past=40)
_COMPARISON = Weight(work=2, past=20)
_SERIES = Weight(work=5, past=50, item_work=1, items=points)
_OPTIONS = Weight(work=5, items=page(TOP_LIMIT))
_LOOKUP = Weight(work=2)
# A seller's ad accounts have few currencies; a failed mutation has few errors.
_CURRENCIES = fixed(3)
# Nearly all accounts, pages and jobs have none.
_WARNINGS = Weight(work=2, items=fixed(5))
_ERRORS = Weight(items=fixed(3))

WEIGHTS: dict[str, Weight] = {
    "Query.viewer": _LOOKUP,
    "Query.node": _LOOKUP,
    "Query.nodes": Weight(item_work=2, items=length("ids", limit=MAX_NODES)),
    "Query.campaigns": _ENTITIES,
    "Query.adsets": _ENTITIES,
    "Query.ads": _ENTITIES,
    "Query.campaign": _LOOKUP,
    "Query.adset": _LOOKUP,
    "Query.ad": _LOOKUP,
    "Query.adAccounts": _TOP,
    "Query.sellpages": _TOP,
    "Query.adStrategies": _TOP,
    "Query.leaderboard": Weight(work=20, opens=page(TOP_LIMIT, default=TOP_LIMIT)),
    "Query.dailySummary": Weight(work=20),
    "Query.pages": _TOP,
    "Query.page": _LOOKUP,
    "Query.filterOptions": PLAIN,
    "Query.syncRuns": _TOP,
    "Query.syncRun": _LOOKUP,
    "Query.metricDefinitions": Weight(items=fixed(len(METRICS))),
    # Lists and figures over everything that they match.
    "Connection.nodes": Weight(items=opened),
    "Connection.edges": Weight(items=opened),
    "Connection.pageInfo": Weight(work=1),
    "Connection.totalCount": Weight(work=10),
    "Connection.unfilteredCount": Weight(work=10),
    "Connection.summary": Weight(work=50, past=200, scans=1),
    "Connection.summaries": Weight(work=50, past=200, scans=1, items=_CURRENCIES),
    "Connection.comparison": Weight(work=100, past=400, scans=2),
    "Connection.comparisons": Weight(work=100, past=400, scans=2, items=_CURRENCIES),
    "Connection.series": Weight(work=100, past=400, scans=2, items=_CURRENCIES, opens=points),
    "MetricsSeries.points": Weight(item_work=2, items=opened),
    "MetricsPoint.statusChanges": Weight(work=1, items=fixed(2)),
    # Entities and accounts.
    "AdEntity.metrics": _METRICS,
    "AdEntity.comparison": _COMPARISON,
    "AdEntity.series": _SERIES,
    "AdEntity.snapshots": Weight(work=5, item_work=1, opens=page(NESTED_LIMIT)),
    "AdEntity.restatements": Weight(work=10, item_work=8, items=days),
    "AdEntity.adAccount": PLAIN,
    "Snapshot.metrics": PLAIN,
    "Campaign.adsets": _ENTITIES_BELOW,
    "Campaign.ads": _ENTITIES_BELOW,
    "Campaign.reconciliation": Weight(work=10, scans=2, scan=_SCAN_BELOW),
    "Campaign.budget": PLAIN,
    "Campaign.sellpage": PLAIN,
    "Campaign.adStrategy": PLAIN,
    "Adset.ads": _ENTITIES_BELOW,
    "Adset.reconciliation": Weight(work=10, scans=2, scan=_SCAN_BELOW),
    "Adset.budget": PLAIN,
    "Adset.campaign": PLAIN,
    "Ad.adset": PLAIN,
    "Ad.campaign": PLAIN,
    "AdAccount.freshness": Weight(work=1),
    "AdAccount.syncWarnings": _WARNINGS,
    "AdAccount.metrics": _METRICS,
    "AdAccount.comparison": _COMPARISON,
    "AdAccount.series": _SERIES,
    "Metrics.freshness": Weight(work=1),
    "MetricsFreshness.accountsBehind": Weight(items=fixed(5)),
    "MetricDefinition.inputs": Weight(items=fixed(3)),
    # Days.
    "Leaderboard.entries": Weight(item_work=1, items=opened),
    "LeaderboardEntry.metrics": _METRICS,
    "DailySummary.missing": Weight(items=fixed(10)),
    "DailySummary.totals": Weight(items=_CURRENCIES),
    "MissingDay.connection": PLAIN,
    # Pages.
    "Page.metrics": Weight(work=2, items=fixed(len(PAGE_METRICS) + len(POST_METRICS))),
    "Page.series": Weight(work=5, items=length("metrics", limit=MAX_NAMES, default=len(PAGE_METRICS)), opens=days),
    "Page.posts": Weight(work=5, chosen=20, opens=page(NESTED_LIMIT)),
    "Page.syncWarnings": _WARNINGS,
    "PageMetricSeries.points": Weight(items=opened),
    "PagePost.values": Weight(work=1, items=fixed(len(POST_METRICS))),
    "PagePost.page": PLAIN,
    # Options of a filter panel.
    "FilterOptions.adAccounts": _OPTIONS,
    "FilterOptions.sellpages": _OPTIONS,
    "FilterOptions.adStrategies": _OPTIONS,
    "FilterOptions.campaigns": _OPTIONS,
    "FilterOptions.adsets": _OPTIONS,
    "FilterOptions.ads": _OPTIONS,
    "FilterOptions.currencies": Weight(items=_CURRENCIES),
    "FilterOptions.pageMetrics": Weight(items=fixed(len(PAGE_METRICS))),
    "FilterOptions.postMetrics": Weight(items=fixed(len(POST_METRICS))),
    # Runs.
    "SyncRun.jobs": _NESTED,
    "SyncRun.progress": Weight(work=10),
    "SyncRun.retryOf": Weight(work=1),
    "SyncProgress.waiting": Weight(items=fixed(10)),
    "Job.adAccount": PLAIN,
    "Job.page": PLAIN,
    "Job.warnings": _WARNINGS,
    "SyncWarning.examples": Weight(items=fixed(3)),
    "Viewer.permissions": Weight(items=fixed(4)),
    # Mutations. A login hashes a password; the others write, enqueue, or call the platform.
    "Mutation.login": Weight(work=1000),
    "Mutation.setStatus": Weight(work=500, opens=length("input", "ids", limit=MAX_IDS)),
    "Mutation.enqueueSync": Weight(work=1000),
    "Mutation.backfill": Weight(work=1000),
    "Mutation.cancelSync": Weight(work=500),
    "Mutation.retrySync": Weight(work=500),
    "Mutation.rotateToken": Weight(work=1000),
    "SetStatusPayload.succeeded": Weight(items=opened),
    "SetStatusPayload.entities": Weight(item_work=2, items=opened),
    "SetStatusPayload.failed": Weight(items=opened),
    "SetStatusPayload.errors": _ERRORS,
    "LoginPayload.errors": _ERRORS,
    "EnqueueSyncPayload.jobs": Weight(items=fixed(100)),
    "EnqueueSyncPayload.run": _LOOKUP,
    "EnqueueSyncPayload.errors": _ERRORS,
    "EnqueueSyncPayload.leftOut": Weight(items=fixed(20)),
    "CancelSyncPayload.run": _LOOKUP,
    "CancelSyncPayload.errors": _ERRORS,
    "RotateTokenPayload.adAccount": _LOOKUP,
    "RotateTokenPayload.page": _LOOKUP,
    "RotateTokenPayload.run": _LOOKUP,
    "RotateTokenPayload.errors": _ERRORS,
    "UserError.path": Weight(items=fixed(3)),
    "SyncLeftOut.adAccount": PLAIN,
    "SyncLeftOut.page": PLAIN,
    # Subscriptions: charged once, when they start.
    "Subscription.syncProgress": Weight(work=500),
    "Subscription.statsSynced": Weight(work=500),
    # Introspection, by average sizes.
    "__Schema.types": Weight(items=fixed(130)),
    "__Schema.directives": Weight(items=fixed(8)),
    "__Type.fields": Weight(items=fixed(6)),
    "__Type.interfaces": Weight(items=one),
    "__Type.possibleTypes": Weight(items=one),
    "__Type.enumValues": Weight(items=fixed(3)),
    "__Type.inputFields": Weight(items=one),
    "__Field.args": Weight(items=one),
    "__Directive.args": Weight(items=one),
    "__Directive.locations": Weight(items=fixed(4)),
}


def weight_of(type_: GraphQLNamedType, field: str) -> Weight | None:
    """The weight of a field by its type, by one of its interfaces, or as a connection's field; None if not listed."""
    names = [type_.name, *(face.name for face in getattr(type_, "interfaces", ()))]
    if type_.name.endswith("Connection"):
        names.append("Connection")
    return next((WEIGHTS[key] for name in names if (key := f"{name}.{field}") in WEIGHTS), None)
