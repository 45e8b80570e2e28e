"""What a seller has of an account after its jobs: rows, what is named, and what GraphQL says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.metrics.counters import Counters
from app.metrics.levels import Level
from tests.services.working import fetch, fetch_work
from tests.spoilt.well_formed import Cell, Described

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from app.services.context import Services

_CELLS = f"""
SELECT daily.level, known.external_id, daily.stat_date, {", ".join(f"daily.{name}" for name in Counters._fields)}
FROM ad_stats_daily AS daily
JOIN (
  SELECT 0 AS level, id, external_id FROM fb_connections
  UNION ALL SELECT 1, id, external_id FROM campaigns
  UNION ALL SELECT 2, id, external_id FROM adsets
  UNION ALL SELECT 3, id, external_id FROM ads
) AS known ON known.level = daily.level AND known.id = daily.entity_id
"""
_OBJECTS = """
SELECT 1, external_id, name, status FROM campaigns
UNION ALL SELECT 2, external_id, name, status FROM adsets
UNION ALL SELECT 3, external_id, name, status FROM ads
"""
_PARENTS = """
SELECT 3, ads.external_id, adsets.external_id FROM ads JOIN adsets ON adsets.id = ads.adset_id
UNION ALL SELECT 2, adsets.external_id, campaigns.external_id
FROM adsets JOIN campaigns ON campaigns.id = adsets.campaign_id
"""
_PAGE = """
SELECT page.external_id, stats.metric, stats.value
FROM page_stats_daily AS stats JOIN fb_connections AS page ON page.id = stats.connection_id
UNION ALL
SELECT posts.external_id, stats.metric, stats.value
FROM post_stats_daily AS stats JOIN page_posts AS posts ON posts.id = stats.post_id
"""
_JOBS = "SELECT id, kind, state, error_class, error_reason FROM jobs WHERE seller_id = $1 ORDER BY created_at"
_WARNINGS = "SELECT subject, sentence, examples::text FROM sync_warnings WHERE seller_id = $1"
_HEALTH = "SELECT external_id, health, health_reason FROM fb_connections"
_DEAD = "SELECT metric, reason FROM page_metrics WHERE state = 'DEAD'"


@dataclass(frozen=True, slots=True)
class Seen:
    """`named` is every text in which something may be named."""

    cells: Mapping[Cell, Counters]
    objects: Mapping[tuple[Level, str], Described]
    parents: Mapping[tuple[Level, str], str]
    page: Mapping[tuple[str, str], int]
    jobs: Sequence[tuple[Any, ...]]
    warnings: Sequence[tuple[Any, ...]]
    unhealthy: Sequence[str | None]
    dead_metrics: Sequence[str | None]

    @property
    def failures(self) -> list[str]:
        return [str(reason) for _, _, state, _, reason in self.jobs if reason and state != "SUCCEEDED"]

    @property
    def named(self) -> list[str]:
        told = [f"{sentence} {examples}" for _, sentence, examples in self.warnings]
        return [*told, *self.failures, *map(str, self.unhealthy), *map(str, self.dead_metrics)]


async def look(services: Services, seller_id: UUID) -> Seen:
    cells = await fetch(services, seller_id, _CELLS)
    objects = await fetch(services, seller_id, _OBJECTS)
    health = await fetch(services, seller_id, _HEALTH)
    return Seen(
        cells={Cell(Level(row[0]), row[1], row[2]): Counters(*tuple(row)[3:]) for row in cells},
        objects={(Level(row[0]), row[1]): Described(row[2], row[3]) for row in objects},
        parents={(Level(row[0]), row[1]): row[2] for row in await fetch(services, seller_id, _PARENTS)},
        page={(row[0], row[1]): row[2] for row in await fetch(services, seller_id, _PAGE)},
        jobs=[tuple(row) for row in await fetch_work(services, _JOBS, seller_id)],
        warnings=[tuple(row) for row in await fetch_work(services, _WARNINGS, seller_id)],
        unhealthy=[row[2] for row in health if row[1] != "HEALTHY"],
        dead_metrics=[row[1] for row in await fetch(services, seller_id, _DEAD)],
    )
