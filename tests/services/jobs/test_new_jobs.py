"""How jobs are identified. Jobs that are live when a release is installed keep their keys: none of these may change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from app.metrics.levels import Level
from app.metrics.ranges import DateRange
from app.services.jobs import new_jobs
from app.services.jobs.new_jobs import AccountKey, StatsUnit
from app.vocabulary import Priority, UseCase

if TYPE_CHECKING:
    from app.queries.jobs.requests import NewJob

SELLER = UUID("01a20487-992e-72cb-a0c3-a8030fedda90")
CONNECTION = UUID("01a20487-992e-72cb-a0c3-a8030fedda91")
OF_BOTH = "01a20487-992e-72cb-a0c3-a8030fedda90__01a20487-992e-72cb-a0c3-a8030fedda91"
ACCOUNT = AccountKey(SELLER, CONNECTION)
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 7)
UNIT = StatsUnit(Level.ADSET, FIRST, LAST)
DAYS = {"from": "2026-03-01", "to": "2026-03-07"}
LEVEL_AND_DAYS = {"level": "ADSET", **DAYS}
URGENT = Priority.FRESH
SOON = timedelta(seconds=9)


@pytest.mark.parametrize(
    ("job", "kind", "key", "exclusive_key", "unit", "use_case"),
    [
        (
            new_jobs.structure_job(ACCOUNT, priority=URGENT),
            "structure",
            f"structure__{OF_BOTH}",
            f"structure__{OF_BOTH}",
            {},
            UseCase.ADS_MANAGEMENT,
        ),
        (
            new_jobs.delivery_job(ACCOUNT, priority=URGENT),
            "delivery",
            f"delivery__{OF_BOTH}",
            f"delivery__{OF_BOTH}",
            {},
            UseCase.ADS_MANAGEMENT,
        ),
        (
            new_jobs.changed_delivery_job(ACCOUNT, delay=SOON),
            "delivery",
            f"delivery__{OF_BOTH}__changed",
            f"delivery__{OF_BOTH}",
            {"after_change": True},
            UseCase.ADS_MANAGEMENT,
        ),
        (
            new_jobs.stats_job(ACCOUNT, UNIT, priority=URGENT),
            "stats",
            f"sync__{OF_BOTH}__2026-03-01__2026-03-07__ADSET",
            f"sync__{OF_BOTH}__ADSET",
            LEVEL_AND_DAYS,
            UseCase.ADS_INSIGHTS,
        ),
        (
            new_jobs.restatement_job(ACCOUNT, UNIT, priority=URGENT),
            "restatement",
            f"restate__{OF_BOTH}__2026-03-01__2026-03-07__ADSET",
            f"sync__{OF_BOTH}__ADSET",
            LEVEL_AND_DAYS,
            UseCase.ADS_INSIGHTS,
        ),
        (
            new_jobs.ingestion_job(ACCOUNT, UNIT, priority=URGENT),
            "ingestion",
            f"ingest__{OF_BOTH}__2026-03-01__2026-03-07__ADSET",
            f"sync__{OF_BOTH}__ADSET",
            LEVEL_AND_DAYS,
            UseCase.ADS_INSIGHTS,
        ),
        (
            new_jobs.page_ingestion_job(ACCOUNT, FIRST, priority=URGENT),
            "page_ingestion",
            f"ingest__{OF_BOTH}__2026-03-01__PAGE",
            f"page_ingestion__{OF_BOTH}",
            {"day": "2026-03-01"},
            UseCase.PAGES,
        ),
        (
            new_jobs.page_backfill_job(ACCOUNT, DateRange(FIRST, LAST), priority=URGENT),
            "page_ingestion",
            f"ingest__{OF_BOTH}__2026-03-01__2026-03-07__PAGE",
            f"page_ingestion__{OF_BOTH}",
            DAYS,
            UseCase.PAGES,
        ),
        (
            new_jobs.day_close_job(ACCOUNT, priority=URGENT),
            "day_close",
            f"day_close__{OF_BOTH}",
            f"day_close__{OF_BOTH}",
            {},
            None,
        ),
        (
            new_jobs.aggregation_job(SELLER, FIRST, priority=URGENT),
            "aggregation",
            f"aggregate__{SELLER}__2026-03-01",
            f"aggregate__{SELLER}__2026-03-01",
            {"day": "2026-03-01"},
            None,
        ),
        (
            new_jobs.refresh_job(SELLER, delay=SOON),
            "refresh",
            f"refresh__{SELLER}",
            f"refresh__{SELLER}",
            {},
            None,
        ),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_keys_and_units_stay_as_they_are(
    job: NewJob, kind: str, key: str, exclusive_key: str, unit: dict[str, object], use_case: UseCase | None
) -> None:
    assert (job.kind, job.key, job.exclusive_key, job.unit, job.use_case) == (kind, key, exclusive_key, unit, use_case)
    connection = f"connection/{CONNECTION}"
    assert job.pause_scopes == (("meta", connection, f"{connection}/{use_case}") if use_case else ())
