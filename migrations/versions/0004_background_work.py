"""Background work: groups, throttles, totals, freshness, closed days, leaderboards, pages.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APP = "pixecom_app"
SYSTEM = "pixecom_system"
SELLER = "(SELECT nullif(current_setting('app.seller_id', true), '')::uuid)"
WORK = "(SELECT current_setting('app.scope', true)) = 'work'"

TENANT_TABLES = (
    "closed_days",
    "daily_aggregations",
    "leaderboards",
    "page_metrics",
    "page_posts",
    "post_stats_daily",
    "seller_stats_daily",
    "stale_days",
)
WORK_TABLES = ("call_pauses", "job_totals")
# Derived rows; what is past is archived or kept.
DELETABLE = ("call_pauses", "job_totals", "leaderboards", "seller_stats_daily", "stale_days")
# What the system role may see of a connection besides what it could.
SYSTEM_COLUMNS = ("spent_on", "stats_stretch", "stats_synced_at", "closed_through")

LIVE = "state IN ('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')"
WAITING = "state IN ('QUEUED', 'RETRYING', 'PARKED')"

COUNT_LIVE_JOBS = f"""
UPDATE sync_runs
SET jobs_live = (
  SELECT count(*)
  FROM sync_run_jobs
  JOIN jobs ON jobs.id = sync_run_jobs.job_id
  WHERE sync_run_jobs.run_id = sync_runs.id
    AND jobs.{LIVE}
)
WHERE sync_runs.state = 'RUNNING'
"""  # noqa: S608 - only constants are put in

# A partition is made beside its parent and attached: that waits for no reader. It carries the wall of its parent, and
# nobody is granted anything on it.
CREATE_RAW_PARTITION = """
CREATE FUNCTION create_raw_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  next_first date := (date_trunc('month', month) + interval '1 month')::date;
  name text := 'ad_stats_raw_' || to_char(date_trunc('month', month), 'YYYY_MM');
BEGIN
  IF to_regclass(name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE ad_stats_raw INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format(
    'CREATE POLICY tenant_isolation ON %I USING (seller_id = '
    '(SELECT nullif(current_setting(''app.seller_id'', true), '''')::uuid))', name);
  EXECUTE format('ALTER TABLE ad_stats_raw ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, next_first);
  RETURN true;
END
$$
"""

# A month that a snapshot of the last 35 days could lie in is refused, whoever asks.
DROP_RAW_PARTITION = """
CREATE FUNCTION drop_raw_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
  next_first date := (date_trunc('month', month) + interval '1 month')::date;
  name text := 'ad_stats_raw_' || to_char(date_trunc('month', month), 'YYYY_MM');
BEGIN
  IF next_first > current_date - 35 THEN
    RAISE EXCEPTION 'the snapshots of % are too young to be dropped', to_char(month, 'YYYY-MM');
  END IF;
  IF to_regclass(name) IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE %I', name);
  RETURN true;
END
$$
"""


def upgrade() -> None:
    _widen_work()
    _widen_connections()
    op.add_column("stats_fetches", sa.Column("content_hash", sa.LargeBinary(), nullable=True))
    _create_work_tables()
    _create_day_tables()
    _create_page_tables()
    _raise_walls()


def _widen_work() -> None:
    op.add_column("sync_runs", sa.Column("retry_of", sa.Uuid(), nullable=True))
    op.add_column("sync_runs", sa.Column("left_to_others", sa.ARRAY(sa.Uuid()), nullable=True))
    for name in ("jobs_left_to_others", "jobs_total", "jobs_succeeded", "jobs_failed", "jobs_cancelled"):
        op.add_column("sync_runs", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("sync_runs", sa.Column("rows_written", sa.BigInteger(), nullable=True))
    op.add_column("sync_runs", sa.Column("jobs_live", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.alter_column("sync_runs", "jobs_live", server_default=None)
    op.execute(COUNT_LIVE_JOBS)
    op.add_column(
        "sync_runs", sa.Column("cancel_requested", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.alter_column("sync_runs", "cancel_requested", server_default=None)
    op.create_index("ix_sync_runs_live", "sync_runs", ["created_at"], postgresql_where=sa.text("state = 'RUNNING'"))
    op.drop_constraint(op.f("ck_sync_runs_origin"), "sync_runs", type_="check")
    op.create_check_constraint(
        op.f("ck_sync_runs_origin"), "sync_runs", "origin IN ('MANUAL', 'SCHEDULE', 'BACKFILL', 'SYSTEM', 'CRON')"
    )
    op.drop_column("jobs", "group_id")
    op.add_column("jobs", sa.Column("waits_for", sa.Uuid(), nullable=True))
    op.add_column("jobs", sa.Column("use_case", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("result", postgresql.JSONB(none_as_null=True), nullable=True))
    for name, kind, value in (
        ("coalesces", sa.Boolean(), "false"),
        ("cancel_requested", sa.Boolean(), "false"),
        ("pause_scopes", sa.ARRAY(sa.Text()), "'{}'"),
    ):
        # The jobs that are there get a value; new ones bring their own.
        op.add_column("jobs", sa.Column(name, kind, nullable=False, server_default=sa.text(value)))
        op.alter_column("jobs", name, server_default=None)
    op.drop_index("uq_jobs_live_key", "jobs")
    op.create_index(
        "uq_jobs_live_key",
        "jobs",
        ["key"],
        unique=True,
        postgresql_where=sa.text(f"{LIVE} AND NOT (coalesces AND state = 'RUNNING')"),
    )
    op.drop_index("ix_jobs_due", "jobs")
    op.create_index("ix_jobs_due", "jobs", ["priority", "seller_id", "run_at", "id"], postgresql_where=sa.text(WAITING))
    op.create_index("ix_jobs_waits_for", "jobs", ["waits_for"], postgresql_where=sa.text("state = 'BLOCKED'"))
    op.create_index(
        "ix_jobs_ended",
        "jobs",
        ["seller_id", "kind", "ended_at"],
        postgresql_where=sa.text(LIVE.replace(" IN ", " NOT IN ")),
    )


def _widen_connections() -> None:
    for name in ("token_checked_at", "token_expires_at", "stats_synced_at", "stats_stretched_at"):
        op.add_column("fb_connections", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("fb_connections", sa.Column("token_scopes", sa.ARRAY(sa.Text()), nullable=True))
    op.add_column("fb_connections", sa.Column("health_class", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_fb_connections_health_class"), "fb_connections", "health_class IN ('TOKEN', 'PERMISSION')"
    )
    op.add_column("fb_connections", sa.Column("structure_job_id", sa.Uuid(), nullable=True))
    op.add_column("fb_connections", sa.Column("spent_on", sa.Date(), nullable=True))
    op.add_column("fb_connections", sa.Column("closed_through", sa.Date(), nullable=True))
    op.add_column(
        "fb_connections", sa.Column("stats_stretch", sa.SmallInteger(), nullable=False, server_default=sa.text("1"))
    )
    op.alter_column("fb_connections", "stats_stretch", server_default=None)


def _create_work_tables() -> None:
    op.create_table(
        "call_pauses",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_call_pauses")),
    )
    op.create_table(
        "job_totals",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=True),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("rows_written", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("oldest_ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("newest_ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "kind", "state", name=op.f("pk_job_totals")),
    )


def _create_day_tables() -> None:
    op.create_table(
        "stale_days",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "stat_date", name=op.f("pk_stale_days")),
    )
    op.create_table(
        "seller_stats_daily",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("impressions", sa.BigInteger(), nullable=False),
        sa.Column("link_clicks", sa.BigInteger(), nullable=False),
        sa.Column("content_views", sa.BigInteger(), nullable=False),
        sa.Column("add_to_cart", sa.BigInteger(), nullable=False),
        sa.Column("checkout_initiated", sa.BigInteger(), nullable=False),
        sa.Column("purchases", sa.BigInteger(), nullable=False),
        sa.Column("purchase_value_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "stat_date", "currency", name=op.f("pk_seller_stats_daily")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "daily_aggregations",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("aggregated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connections", sa.Integer(), nullable=False),
        sa.Column("missing", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "stat_date", name=op.f("pk_daily_aggregations")),
    )
    op.create_table(
        "closed_days",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "account_id", "stat_date", name=op.f("pk_closed_days")),
    )
    op.create_table(
        "leaderboards",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("entity_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("entities", sa.Integer(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("ranked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "stat_date", "level", "metric", "currency", name=op.f("pk_leaderboards")),
    )


def _create_page_tables() -> None:
    op.create_table(
        "page_metrics",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('ALIVE', 'DEAD')", name=op.f("ck_page_metrics_state")),
        sa.ForeignKeyConstraint(
            ["seller_id", "connection_id"],
            ["fb_connections.seller_id", "fb_connections.id"],
            name=op.f("fk_page_metrics_seller_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("seller_id", "connection_id", "metric", name=op.f("pk_page_metrics")),
    )
    op.create_table(
        "page_posts",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("permalink_url", sa.Text(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metrics_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["seller_id", "connection_id"],
            ["fb_connections.seller_id", "fb_connections.id"],
            name=op.f("fk_page_posts_seller_id_connection_id"),
        ),
        sa.UniqueConstraint(
            "seller_id", "connection_id", "external_id", name=op.f("uq_page_posts_seller_id_connection_id_external_id")
        ),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_page_posts")),
    )
    op.create_index(
        op.f("ix_page_posts_seller_id_connection_id_created_at"),
        "page_posts",
        ["seller_id", "connection_id", "created_at"],
    )
    op.create_table(
        "post_stats_daily",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["seller_id", "post_id"],
            ["page_posts.seller_id", "page_posts.id"],
            name=op.f("fk_post_stats_daily_seller_id_post_id"),
        ),
        sa.PrimaryKeyConstraint("seller_id", "post_id", "metric", "stat_date", name=op.f("pk_post_stats_daily")),
    )


def _raise_walls() -> None:
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING (seller_id = {SELLER})")
    for table in WORK_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY work_isolation ON {table} USING (seller_id = {SELLER} OR {WORK})")
    for table in (*TENANT_TABLES, *WORK_TABLES):
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    for table in DELETABLE:
        op.execute(f"GRANT DELETE ON {table} TO {APP}")
    op.execute(f"GRANT SELECT ({', '.join(SYSTEM_COLUMNS)}) ON fb_connections TO {SYSTEM}")
    for verb, function in (("create", CREATE_RAW_PARTITION), ("drop", DROP_RAW_PARTITION)):
        op.execute(function)
        op.execute(f"REVOKE ALL ON FUNCTION {verb}_raw_partition(date) FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {verb}_raw_partition(date) TO {APP}")


def downgrade() -> None:
    for verb in ("create", "drop"):
        op.execute(f"DROP FUNCTION {verb}_raw_partition(date)")
    columns = ", ".join(SYSTEM_COLUMNS)
    op.execute(f"REVOKE SELECT ({columns}) ON fb_connections FROM {SYSTEM}")  # noqa: S608 - a revocation, no query
    for table in ("post_stats_daily", *(name for name in TENANT_TABLES if name != "post_stats_daily"), *WORK_TABLES):
        op.drop_table(table)
    op.drop_column("stats_fetches", "content_hash")
    for name in (
        "token_checked_at",
        "token_expires_at",
        "token_scopes",
        "health_class",
        "stats_synced_at",
        "spent_on",
        "stats_stretch",
        "stats_stretched_at",
        "structure_job_id",
        "closed_through",
    ):
        op.drop_column("fb_connections", name)
    for name in ("ix_jobs_ended", "ix_jobs_waits_for", "ix_jobs_due", "uq_jobs_live_key"):
        op.drop_index(name, "jobs")
    op.create_index("ix_jobs_due", "jobs", ["priority", "run_at"], postgresql_where=sa.text(WAITING))
    # Of one key the older index allows one live job; the schedule asks for these again.
    op.execute("DELETE FROM sync_run_jobs WHERE job_id IN (SELECT id FROM jobs WHERE coalesces)")
    op.execute("DELETE FROM jobs WHERE coalesces")
    op.create_index("uq_jobs_live_key", "jobs", ["key"], unique=True, postgresql_where=sa.text(LIVE))
    for name in ("waits_for", "use_case", "claimed_at", "result", "coalesces", "cancel_requested", "pause_scopes"):
        op.drop_column("jobs", name)
    op.add_column("jobs", sa.Column("group_id", sa.Uuid(), nullable=True))
    op.drop_index("ix_sync_runs_live", "sync_runs")
    op.execute("UPDATE sync_runs SET origin = 'SCHEDULE' WHERE origin = 'CRON'")
    op.drop_constraint(op.f("ck_sync_runs_origin"), "sync_runs", type_="check")
    op.create_check_constraint(
        op.f("ck_sync_runs_origin"), "sync_runs", "origin IN ('MANUAL', 'SCHEDULE', 'BACKFILL', 'SYSTEM')"
    )
    for name in (
        "jobs_live",
        "cancel_requested",
        "retry_of",
        "jobs_total",
        "jobs_succeeded",
        "jobs_failed",
        "jobs_cancelled",
        "jobs_left_to_others",
        "left_to_others",
        "rows_written",
    ):
        op.drop_column("sync_runs", name)
