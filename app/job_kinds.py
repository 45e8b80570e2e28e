"""The kinds of background work, as one table: what each does, for which quota, and which module does it.

Whatever is a matter of some kinds and not of others is derived from these rows: SQL, warnings, the worker's handlers.
`app.services.jobs.new_jobs` makes the jobs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from app.vocabulary import SyncSource, UseCase

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DAY_ROUND", "FETCHES_STATS", "KINDS", "SOURCES", "WORKS_ON_PAGE", "JobKind", "KindFacts"]


class JobKind(StrEnum):
    """The kinds of background work, as the jobs table has them."""

    STRUCTURE = "structure"
    STATS = "stats"
    RESTATEMENT = "restatement"
    DELIVERY = "delivery"
    INGESTION = "ingestion"
    PAGE_INGESTION = "page_ingestion"
    AGGREGATION = "aggregation"
    DAY_CLOSE = "day_close"
    REFRESH = "refresh"
    RETENTION = "retention"
    COMPACTION = "compaction"
    TICK = "tick"


class KindFacts(NamedTuple):
    """One row of the table.

    `handler` does the work: a coroutine function of services, as `module:function`. `use_case` is the quota that its
    calls count against, and `source` what it fetches; both are None for work on what is stored. `verb` begins the keys
    of its jobs, if that is not the kind's name. `in_day_round`: a seller's day has arrived when these have ended.
    """

    handler: str
    use_case: UseCase | None = None
    source: SyncSource | None = None
    verb: str | None = None
    in_day_round: bool = False


KINDS: Mapping[JobKind, KindFacts] = {
    JobKind.STRUCTURE: KindFacts(
        handler="app.services.structure.structure_sync:run_structure_job",
        use_case=UseCase.ADS_MANAGEMENT,
        source=SyncSource.STRUCTURE,
    ),
    JobKind.STATS: KindFacts(
        handler="app.services.stats.sync:run_stats_job",
        use_case=UseCase.ADS_INSIGHTS,
        source=SyncSource.INSIGHTS,
        verb="sync",
    ),
    JobKind.RESTATEMENT: KindFacts(
        handler="app.services.stats.sync:run_stats_job",
        use_case=UseCase.ADS_INSIGHTS,
        source=SyncSource.INSIGHTS,
        verb="restate",
    ),
    JobKind.DELIVERY: KindFacts(
        handler="app.services.structure.delivery_sync:run_delivery_job",
        use_case=UseCase.ADS_MANAGEMENT,
        source=SyncSource.DELIVERY,
    ),
    JobKind.INGESTION: KindFacts(
        handler="app.services.stats.sync:run_stats_job",
        use_case=UseCase.ADS_INSIGHTS,
        source=SyncSource.INSIGHTS,
        verb="ingest",
        in_day_round=True,
    ),
    JobKind.PAGE_INGESTION: KindFacts(
        handler="app.services.fb_pages.ingestion:run_page_ingestion_job",
        use_case=UseCase.PAGES,
        source=SyncSource.PAGE,
        verb="ingest",
        in_day_round=True,
    ),
    JobKind.AGGREGATION: KindFacts(handler="app.services.days.aggregation:run_aggregation_job", verb="aggregate"),
    JobKind.DAY_CLOSE: KindFacts(handler="app.services.days.closing:run_day_close_job"),
    JobKind.REFRESH: KindFacts(handler="app.services.days.totals_refresh:run_refresh_job"),
    JobKind.RETENTION: KindFacts(handler="app.services.days.retention:run_retention_job"),
    JobKind.COMPACTION: KindFacts(handler="app.services.jobs.compaction:run_compaction_job"),
    JobKind.TICK: KindFacts(handler="app.services.schedule.tick_walk:run_tick_job"),
}

SOURCES: Mapping[str, SyncSource] = {kind: facts.source for kind, facts in KINDS.items() if facts.source}
"""What jobs of a kind fetch; not for work on what is stored."""
FETCHES_STATS = tuple(kind for kind, facts in KINDS.items() if facts.source is SyncSource.INSIGHTS)
"""Kinds that fetch statistics of a level over days."""
WORKS_ON_PAGE = tuple(kind for kind, facts in KINDS.items() if facts.source is SyncSource.PAGE)
"""Kinds that work on a page; the connections of all others are ad accounts."""
DAY_ROUND = tuple(kind for kind, facts in KINDS.items() if facts.in_day_round)
"""Kinds of a seller's round of a whole day."""
