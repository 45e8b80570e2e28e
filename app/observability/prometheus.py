"""The process's Prometheus metrics of background work; requests are counted in app.http."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

JOBS_ENDED = Counter("pixecom_jobs_ended_total", "Claims of jobs that came to an end, by outcome.", ["kind", "outcome"])
JOB_SECONDS = Histogram(
    "pixecom_job_seconds",
    "How long a claimed job worked.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
QUEUE_DEPTH = Gauge("pixecom_queue_depth", "Jobs that are due and not running.", ["priority"])
QUEUE_AGE = Gauge("pixecom_queue_age_seconds", "How long the oldest due job has waited.", ["priority"])
THROTTLES = Counter("pixecom_throttles_total", "Throttles that parked jobs, by how far they reached.", ["scope"])
ROWS_WRITTEN = Counter("pixecom_rows_written_total", "Rows written by syncs, by table.", ["table"])
LAST_TICK = Gauge("pixecom_last_tick_timestamp_seconds", "When a slot of the schedule was last taken.", ["name"])
PROVIDER_CALLS = Counter(
    "pixecom_provider_calls_total",
    "Calls to the ad platform: MADE, or refused by a pause (PAUSED) or by our own budget (USED_UP).",
    ["provider", "use_case", "outcome"],
)
BUDGET_USED = Histogram(
    "pixecom_call_budget_used_ratio",
    "How much of its account's calls of the hour were used when a call was made; above 1 by writes.",
    ["provider", "use_case"],
    buckets=(0.1, 0.25, 0.5, 0.75, 0.9, 1),
)
