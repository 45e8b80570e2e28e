"""The process's Prometheus metrics of background work; requests are counted in app.http.

Labels are words of ours, never an account's or a seller's name: a series for each of them would be without bound.
Gauges of what the database knows are the same in every process that answers for them: take one of them (`max by`).
Every gauge has a label, so that a process that knows nothing of it shows no 0.
What an operator makes of it stands in `app/observability/examples`.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

# Jobs, as the process that did them saw it.
JOBS_ENDED = Counter("pixecom_jobs_ended_total", "Claims of jobs that came to an end, by outcome.", ["kind", "outcome"])
JOB_SECONDS = Histogram(
    "pixecom_job_seconds",
    "How long a claimed job worked.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
JOB_FAILURES = Counter("pixecom_job_failures_total", "Claims that failed, by class of failure.", ["kind", "failure"])
JOB_ATTEMPTS = Histogram(
    "pixecom_job_attempts",
    "How often a job had been claimed when it ended for good.",
    ["kind"],
    buckets=(1, 2, 3, 5, 10),
)
JOBS_TAKEN_OVER = Counter(
    "pixecom_jobs_taken_over_total",
    "Jobs whose lease expired because their worker stopped without a word, by what became of them.",
    ["outcome"],
)
JOBS_RUNNING = Gauge("pixecom_worker_jobs_running", "Jobs that this worker is at work on, each in a slot.", ["kind"])
JOBS_WAITING = Gauge("pixecom_worker_jobs_waiting", "Jobs in hand that wait for a platform, without a slot.", ["kind"])
JOB_SLOTS = Gauge("pixecom_worker_slots", "Jobs that this worker does at once, by whose they are.", ["queue"])
ROWS_WRITTEN = Counter("pixecom_rows_written_total", "Rows written by syncs, by table.", ["table"])

# The backlog, as the database knows it.
QUEUE_DEPTH = Gauge("pixecom_queue_depth", "Jobs that are due and not running.", ["priority"])
QUEUE_AGE = Gauge("pixecom_queue_age_seconds", "How long the oldest due job has waited.", ["priority"])
LIVE_JOBS = Gauge("pixecom_live_jobs", "Jobs that have not ended, by state; PARKED by a throttle.", ["state", "kind"])
PAUSES = Gauge("pixecom_call_pauses", "Pauses that the platform wants now, by how far they reach.", ["scope"])
OUTDATED = Gauge(
    "pixecom_outdated_connections",
    "Accounts and pages for which the platform refuses the installation's version, app or fields, by what is fetched.",
    ["source"],
)
LAST_TICK = Gauge("pixecom_last_tick_timestamp_seconds", "When a slot of the schedule was last taken.", ["name"])
TICK_INTERVAL = Gauge("pixecom_tick_interval_seconds", "How far apart the slots of the schedule are.", ["name"])

# The scheduler.
SCHEDULER_PASSES = Counter(
    "pixecom_scheduler_passes_total",
    "Passes of this scheduler: DONE, DATABASE_AWAY, or FAILED by a fault of ours.",
    ["outcome"],
)
SCHEDULER_PASS_SECONDS = Histogram(
    "pixecom_scheduler_pass_seconds",
    "How long a pass took.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

DATABASE_AWAY = Counter(
    "pixecom_database_away_total",
    "What this process could not ask of the database because it was away, by what was wanted.",
    ["wanted"],
)

# Logins.
LOGINS = Counter("pixecom_logins_total", "Login attempts by outcome; LIMITED ones had no tries left.", ["outcome"])

# The platform.
THROTTLES = Counter("pixecom_throttles_total", "Throttles that parked jobs, by how far they reached.", ["scope"])
PROVIDER_CALLS = Counter(
    "pixecom_provider_calls_total",
    "Calls to the ad platform: MADE, or refused by a pause (PAUSED), while another call probes whether the pause has "
    "ended (PROBED), or by our own budget (USED_UP).",
    ["provider", "use_case", "outcome"],
)
BUDGET_USED = Histogram(
    "pixecom_call_budget_used_ratio",
    "How much of its account's calls of the hour were used when a call was made; above 1 by writes.",
    ["provider", "use_case"],
    buckets=(0.1, 0.25, 0.5, 0.75, 0.9, 1),
)
META_ANSWERS = Counter(
    "pixecom_meta_answers_total",
    "HTTP answers of Meta: OK, or the class of failure (no answer is TRANSIENT). A batch is one answer.",
    ["use_case", "outcome"],
)
META_SECONDS = Histogram(
    "pixecom_meta_seconds",
    "How long Meta took to answer.",
    ["use_case"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
SYNC_WARNINGS = Counter(
    "pixecom_sync_warnings_total",
    "Odd things in the platform's answers that ended jobs did without, by what was odd.",
    ["subject"],
)
SCARCE_BUDGETS = Gauge(
    "pixecom_scarce_call_budgets",
    "Accounts and pages that had less than half of the hour's calls left at a call of the last 15 minutes, by class.",
    ["provider", "use_case", "left"],
)

# All sellers together, as the database knows it.
FRESHNESS = Gauge(
    "pixecom_freshness_seconds",
    "Age of the newest complete stats sync, of each seller's stalest healthy ad account: worst and median of sellers.",
    ["accounts", "seller"],
)
ACCOUNTS = Gauge(
    "pixecom_ad_accounts",
    "Healthy ad accounts by how fresh their stats are at their own cadence; SPENDING within 28 days, or IDLE.",
    ["accounts", "freshness"],
)
CONNECTIONS = Gauge("pixecom_connections", "Active connections of active sellers, by health.", ["kind", "health"])
PARTITIONS_AHEAD = Gauge(
    "pixecom_partitions_ahead", "Months after this one that have a partition, by table.", ["table"]
)

# The process itself.
DISK_FREE = Gauge(
    "pixecom_disk_free_bytes",
    "Free space on the disk that holds DATA_DIRECTORY, by what the directory is for.",
    ["directory"],
)
DISK_SIZE = Gauge("pixecom_disk_size_bytes", "Size of that disk.", ["directory"])
CLOCK_SKEW = Gauge(
    "pixecom_clock_skew_seconds",
    "How far this machine's clock is ahead of a server's (negative: behind), by server.",
    ["server"],
)
READY = Gauge("pixecom_ready", "1 where the process reaches what it needs, by check; 0 where it does not.", ["check"])
MEASURING_FAILURES = Counter(
    "pixecom_measuring_failures_total",
    "Scrapes that could not ask for a group of gauges, which have no value then.",
    ["group"],
)

# The api: cost of GraphQL operations, and operations rejected before they run.
DOCUMENTS = Counter(
    "pixecom_graphql_documents_total",
    "GraphQL documents by outcome: HIT (already cached), MISS (prepared now) or REFUSED.",
    ["outcome"],
)
OPERATIONS_REFUSED = Counter(
    "pixecom_graphql_refusals_total",
    "Operations rejected before they ran, by reason: TOKEN (none was sent), DOCUMENT, VARIABLES, COST, the rate "
    "limit of a USER, SELLER, ADDRESS or DOCUMENTS, or that of started jobs (WORK).",
    ["reason"],
)
TURNS_WAITING = Gauge(
    "pixecom_turns_waiting",
    "Requests that wait for their caller's turn, by kind of caller: USER, ADDRESS (no valid token), HEALTH or CRON.",
    ["caller"],
)
TURNS_REFUSED = Counter(
    "pixecom_turns_refused_total",
    "Requests refused for want of a turn in time, by kind of caller: USER, ADDRESS, HEALTH, CRON or EXPORT.",
    ["caller"],
)
OPERATION_COST = Histogram(
    "pixecom_graphql_cost",
    "Cost of operations: the values that an answer may contain, weighted by the cost of reading them.",
    ["operation_type"],
    buckets=(10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000),
)
