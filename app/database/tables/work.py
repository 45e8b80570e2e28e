"""The durable record of background work. The jobs table is the truth; messages carry a job's id and nothing else.

These tables stand outside the tenant tables (a job core claims across tenants) and carry a nullable seller_id by
which readers are walled off.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.database.tables.metadata import Wall, identifier, instant, metadata, tenant_id, walled, word
from app.vocabulary import JobState, RunOrigin, RunState, Subject, SyncSource

LIVE_STATES = (JobState.BLOCKED, JobState.QUEUED, JobState.RUNNING, JobState.RETRYING, JobState.PARKED)
WAITING_STATES = (JobState.QUEUED, JobState.RETRYING, JobState.PARKED)


def _listed(states: tuple[JobState, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


sync_runs = Table(
    "sync_runs",
    metadata,
    identifier(),
    Column("seller_id", Uuid, nullable=True),
    *word("origin", RunOrigin),
    *word("state", RunState),
    Column("requested_by", Uuid, nullable=True),
    Column("reason", Text, nullable=False),
    Column("from_date", Date, nullable=True),
    Column("to_date", Date, nullable=True),
    # How many of its jobs have not ended.
    Column("jobs_live", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    # The run whose failed and cancelled units this one does again.
    Column("retry_of", Uuid, nullable=True),
    instant("created_at"),
    instant("ended_at", nullable=True),
    # Jobs that it left to other runs when it was cancelled; no longer its own. Null: none.
    Column("left_to_others", ARRAY(Uuid), nullable=True),
    Column("jobs_left_to_others", Integer, nullable=True),
    # Written when the run ends: what stays when its jobs are compacted.
    Column("jobs_total", Integer, nullable=True),
    Column("jobs_succeeded", Integer, nullable=True),
    Column("jobs_failed", Integer, nullable=True),
    Column("jobs_cancelled", Integer, nullable=True),
    Column("rows_written", BigInteger, nullable=True),
    Index("ix_sync_runs_seller", "seller_id", "id"),
    Index("ix_sync_runs_live", "created_at", postgresql_where=text(f"state = '{RunState.RUNNING}'")),
    info=walled(Wall.WORK),
)

jobs = Table(
    "jobs",
    metadata,
    identifier(),
    Column("seller_id", Uuid, nullable=True),
    Column("connection_id", Uuid, nullable=True),
    Column("kind", Text, nullable=False),
    # Unique among live jobs: a second request for the same work finds the first.
    Column("key", Text, nullable=False),
    # Never two RUNNING at once.
    Column("exclusive_key", Text, nullable=True),
    # A BLOCKED job waits for the end of all other jobs of this run.
    Column("waits_for", Uuid, nullable=True),
    # Many requests, one job: another may wait with the same key while it runs.
    Column("coalesces", Boolean, nullable=False),
    # Which of the platform's quotas it draws on, and the throttles that stop it (see call_pauses).
    Column("use_case", Text, nullable=True),
    Column("pause_scopes", ARRAY(Text), nullable=False),
    Column("unit", JSONB, nullable=False),
    *word("state", JobState),
    Column("priority", SmallInteger, nullable=False),
    # The fencing token: how often the job was claimed.
    Column("attempt", Integer, nullable=False),
    # What counts against max_tries; a throttle or a lost worker's takeover does not.
    Column("tries", Integer, nullable=False),
    Column("max_tries", Integer, nullable=False),
    # How often a worker stopped without a word while it had the job.
    Column("losses", Integer, nullable=False),
    instant("run_at"),
    instant("sent_at", nullable=True),
    # Its turn came while another job ran with its exclusive key: it is the next once that has ended.
    Column("had_turn", Boolean),
    instant("lease_until", nullable=True),
    Column("claimed_by", Text, nullable=True),
    instant("claimed_at", nullable=True),
    Column("cancel_requested", Boolean, nullable=False),
    Column("progress", JSONB(none_as_null=True), nullable=True),
    # What a job found, for readers.
    Column("result", JSONB(none_as_null=True), nullable=True),
    Column("error_class", Text, nullable=True),
    Column("error_reason", Text, nullable=True),
    Column("rows_written", BigInteger, nullable=False),
    instant("created_at"),
    instant("started_at", nullable=True),
    instant("ended_at", nullable=True),
    Index(
        "uq_jobs_live_key",
        "key",
        unique=True,
        postgresql_where=text(
            f"state IN ({_listed(LIVE_STATES)}) AND NOT (coalesces AND state = '{JobState.RUNNING}')"
        ),
    ),
    Index(
        "uq_jobs_running_exclusive_key",
        "exclusive_key",
        unique=True,
        postgresql_where=text(f"state = '{JobState.RUNNING}'"),
    ),
    # Whose turn it is: of each seller the first, found without looking at all that waits.
    Index(
        "ix_jobs_due",
        "priority",
        "seller_id",
        "run_at",
        "id",
        postgresql_where=text(f"state IN ({_listed(WAITING_STATES)})"),
    ),
    Index("ix_jobs_had_turn", "priority", "exclusive_key", postgresql_where=text("had_turn")),
    # What waits behind a running job of its kind, and what waits with a throttled account.
    Index("ix_jobs_exclusive", "exclusive_key", postgresql_where=text(f"state IN ({_listed(WAITING_STATES)})")),
    Index("ix_jobs_connection", "connection_id", postgresql_where=text(f"state IN ({_listed(WAITING_STATES)})")),
    Index("ix_jobs_waits_for", "waits_for", postgresql_where=text(f"state = '{JobState.BLOCKED}'")),
    # The newest ended jobs of a kind and seller stay; what is older is compacted.
    Index(
        "ix_jobs_ended",
        "seller_id",
        "kind",
        "ended_at",
        postgresql_where=text(f"state NOT IN ({_listed(LIVE_STATES)})"),
    ),
    Index("ix_jobs_lease", "lease_until", postgresql_where=text(f"state = '{JobState.RUNNING}'")),
    Index("ix_jobs_seller", "seller_id", "kind", "id"),
    postgresql_with={"fillfactor": 70},
    info=walled(Wall.WORK),
)

# A request for work that is live already joins the job that is there.
sync_run_jobs = Table(
    "sync_run_jobs",
    metadata,
    Column("run_id", Uuid, ForeignKey("sync_runs.id"), primary_key=True),
    Column("job_id", Uuid, ForeignKey("jobs.id"), primary_key=True),
    Column("seller_id", Uuid, nullable=True),
    Index(None, "job_id"),
    info=walled(Wall.WORK),
)

# Until when the platform wants no call: of the app, of a connection, of a connection for one use case.
call_pauses = Table(
    "call_pauses",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("seller_id", Uuid, nullable=True),
    instant("paused_until"),
    Column("reason", Text, nullable=False),
    Column("error_code", Integer, nullable=True),
    instant("noted_at"),
    info=walled(Wall.WORK),
)

# Totals of ended jobs that are no longer kept individually. `owner_id` is the seller's id, or zero for none.
job_totals = Table(
    "job_totals",
    metadata,
    Column("owner_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("seller_id", Uuid, nullable=True),
    Column("jobs", BigInteger, nullable=False),
    Column("rows_written", BigInteger, nullable=False),
    Column("milliseconds", BigInteger, nullable=False),
    instant("oldest_ended_at"),
    instant("newest_ended_at"),
    info=walled(Wall.WORK),
)

# What could not be read as it came when an ad account or a page was last synced. `job_id` is the last job that saw it,
# the level that of the insights, and the day that of the odd thing, in the account's zone.
sync_warnings = Table(
    "sync_warnings",
    metadata,
    tenant_id(),
    identifier(),
    Column("connection_id", Uuid, nullable=False),
    Column("job_id", Uuid, nullable=False),
    *word("source", SyncSource),
    Column("level", SmallInteger, nullable=True),
    *word("subject", Subject),
    Column("sentence", Text, nullable=False),
    Column("stat_date", Date, nullable=True),
    Column("things", Integer, nullable=False),
    # Some of the things: a list of objects with `id` and `found`.
    Column("examples", JSONB, nullable=False),
    instant("first_seen_at"),
    instant("last_seen_at"),
    Index(None, "seller_id", "connection_id"),
    info=walled(Wall.WORK),
)

# Work of an ad account or a page that failed for good whenever it was tried last. `work` is a source and, of insights,
# a level, such as INSIGHTS/AD; `rounds` count failures in a row.
failing_work = Table(
    "failing_work",
    metadata,
    tenant_id(),
    Column("connection_id", Uuid, primary_key=True, nullable=False),
    Column("work", Text, primary_key=True, nullable=False),
    Column("error_class", Text, nullable=False),
    Column("error_code", Integer, nullable=True),
    Column("reason", Text, nullable=False),
    Column("rounds", Integer, nullable=False),
    # The platform has dropped the version or a field that is asked for: not before this does the schedule ask again.
    instant("ask_again_at", nullable=True),
    instant("first_failed_at"),
    instant("last_failed_at"),
    info=walled(Wall.WORK),
)

# A slot of the schedule that was taken; two schedulers can't take it twice.
ticks = Table(
    "ticks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("slot", instant("slot").type, primary_key=True),
    instant("taken_at"),
    info=walled(Wall.OPEN),
)
