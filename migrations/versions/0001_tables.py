"""The tables of the whole domain.

Revision ID: 0001
Revises: none
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ad_stats_daily",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("impressions", sa.BigInteger(), nullable=False),
        sa.Column("link_clicks", sa.BigInteger(), nullable=False),
        sa.Column("content_views", sa.BigInteger(), nullable=False),
        sa.Column("add_to_cart", sa.BigInteger(), nullable=False),
        sa.Column("checkout_initiated", sa.BigInteger(), nullable=False),
        sa.Column("purchases", sa.BigInteger(), nullable=False),
        sa.Column("purchase_value_micros", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "level", "stat_date", "entity_id", name=op.f("pk_ad_stats_daily")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index(
        "ix_ad_stats_daily_entity", "ad_stats_daily", ["seller_id", "level", "entity_id", "stat_date"], unique=False
    )
    op.create_table(
        "ad_stats_raw",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("impressions", sa.BigInteger(), nullable=False),
        sa.Column("link_clicks", sa.BigInteger(), nullable=False),
        sa.Column("content_views", sa.BigInteger(), nullable=False),
        sa.Column("add_to_cart", sa.BigInteger(), nullable=False),
        sa.Column("checkout_initiated", sa.BigInteger(), nullable=False),
        sa.Column("purchases", sa.BigInteger(), nullable=False),
        sa.Column("purchase_value_micros", sa.BigInteger(), nullable=False),
        sa.Column("reported_ratios", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("attribution_setting", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "seller_id", "level", "entity_id", "stat_date", "fetched_at", name=op.f("pk_ad_stats_raw")
        ),
        postgresql_partition_by="RANGE (stat_date)",
    )
    op.create_table(
        "ad_strategies",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_ad_strategies")),
        sa.UniqueConstraint("seller_id", "name", name=op.f("uq_ad_strategies_seller_id_name")),
    )
    op.create_table(
        "audit_events",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("platform_answer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_audit_events")),
    )
    op.create_index(op.f("ix_audit_events_seller_id_batch_id"), "audit_events", ["seller_id", "batch_id"], unique=False)
    op.create_index(
        op.f("ix_audit_events_seller_id_subject_id_id"), "audit_events", ["seller_id", "subject_id", "id"], unique=False
    )
    op.create_table(
        "fb_connections",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("health_reason", sa.Text(), nullable=True),
        sa.Column("health_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_key_id", sa.Text(), nullable=True),
        sa.Column("token_ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("token_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("backfill_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("structure_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("health IN ('HEALTHY', 'UNHEALTHY')", name=op.f("ck_fb_connections_health")),
        sa.CheckConstraint(
            "kind IN ('AD_ACCOUNT', 'PAGE', 'PIXEL', 'CONVERSION')", name=op.f("ck_fb_connections_kind")
        ),
        sa.CheckConstraint("provider IN ('META', 'MOCK')", name=op.f("ck_fb_connections_provider")),
        sa.CheckConstraint(
            "standing IN ('ACTIVE', 'GRACE_PERIOD', 'BLOCKED')", name=op.f("ck_fb_connections_standing")
        ),
        sa.ForeignKeyConstraint(
            ["seller_id", "parent_id"],
            ["fb_connections.seller_id", "fb_connections.id"],
            name=op.f("fk_fb_connections_seller_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_fb_connections")),
        sa.UniqueConstraint(
            "seller_id", "kind", "external_id", name=op.f("uq_fb_connections_seller_id_kind_external_id")
        ),
    )
    op.create_index(
        op.f("ix_fb_connections_seller_id_parent_id"), "fb_connections", ["seller_id", "parent_id"], unique=False
    )
    op.create_table(
        "idempotent_requests",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "operation", "key", name=op.f("pk_idempotent_requests")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=True),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("exclusive_key", sa.Text(), nullable=True),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("unit", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("max_tries", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("progress", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error_reason", sa.Text(), nullable=True),
        sa.Column("rows_written", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED', 'SUCCEEDED', 'FAILED', 'CANCELLED')",
            name=op.f("ck_jobs_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["priority", "run_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('QUEUED', 'RETRYING', 'PARKED')"),
    )
    op.create_index(
        "ix_jobs_exclusive",
        "jobs",
        ["exclusive_key"],
        unique=False,
        postgresql_where=sa.text("state IN ('QUEUED', 'RETRYING', 'PARKED')"),
    )
    op.create_index(
        "ix_jobs_connection",
        "jobs",
        ["connection_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('QUEUED', 'RETRYING', 'PARKED')"),
    )
    op.create_index(
        "ix_jobs_lease", "jobs", ["lease_until"], unique=False, postgresql_where=sa.text("state = 'RUNNING'")
    )
    op.create_index("ix_jobs_seller", "jobs", ["seller_id", "kind", "id"], unique=False)
    op.create_index(
        "uq_jobs_live_key",
        "jobs",
        ["key"],
        unique=True,
        postgresql_where=sa.text("state IN ('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')"),
    )
    op.create_index(
        "uq_jobs_running_exclusive_key",
        "jobs",
        ["exclusive_key"],
        unique=True,
        postgresql_where=sa.text("state = 'RUNNING'"),
    )
    op.create_table(
        "page_stats_daily",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "connection_id", "stat_date", "metric", name=op.f("pk_page_stats_daily")),
    )
    op.create_table(
        "sellers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sellers")),
        sa.UniqueConstraint("slug", name=op.f("uq_sellers_slug")),
    )
    op.create_table(
        "sellpage_stats_daily",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("sellpage_id", sa.Uuid(), nullable=False),
        sa.Column("ad_source", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("impressions", sa.BigInteger(), nullable=False),
        sa.Column("link_clicks", sa.BigInteger(), nullable=False),
        sa.Column("content_views", sa.BigInteger(), nullable=False),
        sa.Column("add_to_cart", sa.BigInteger(), nullable=False),
        sa.Column("checkout_initiated", sa.BigInteger(), nullable=False),
        sa.Column("purchases", sa.BigInteger(), nullable=False),
        sa.Column("purchase_value_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "seller_id", "stat_date", "sellpage_id", "ad_source", "currency", name=op.f("pk_sellpage_stats_daily")
        ),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "sellpages",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_sellpages")),
        sa.UniqueConstraint("seller_id", "url", name=op.f("uq_sellpages_seller_id_url")),
    )
    op.create_table(
        "stats_fetches",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("first_fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", "account_id", "level", "stat_date", name=op.f("pk_stats_fetches")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("origin IN ('MANUAL', 'SCHEDULE', 'BACKFILL', 'SYSTEM')", name=op.f("ck_sync_runs_origin")),
        sa.CheckConstraint(
            "state IN ('RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED')", name=op.f("ck_sync_runs_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    op.create_index("ix_sync_runs_seller", "sync_runs", ["seller_id", "id"], unique=False)
    op.create_table(
        "ticks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_ticks")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_superadmin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_table(
        "campaigns",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery_status", sa.Text(), nullable=False),
        sa.Column("delivery_raw", sa.Text(), nullable=True),
        sa.Column("delivery_reason", sa.Text(), nullable=True),
        sa.Column("platform_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("budget_type", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sellpage_id", sa.Uuid(), nullable=True),
        sa.Column("ad_strategy_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("budget_type IN ('DAILY', 'LIFETIME')", name=op.f("ck_campaigns_budget_type")),
        sa.CheckConstraint(
            "delivery_status IN ('ACTIVE', 'INACTIVE', 'LEARNING', 'LIMITED', 'ERROR', 'NOT_DELIVERING', 'PENDING_REVIEW', 'UNKNOWN')",
            name=op.f("ck_campaigns_delivery_status"),
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED')", name=op.f("ck_campaigns_status")),
        sa.ForeignKeyConstraint(
            ["seller_id", "account_id"],
            ["fb_connections.seller_id", "fb_connections.id"],
            name=op.f("fk_campaigns_seller_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id", "ad_strategy_id"],
            ["ad_strategies.seller_id", "ad_strategies.id"],
            name=op.f("fk_campaigns_seller_id_ad_strategy_id"),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id", "sellpage_id"],
            ["sellpages.seller_id", "sellpages.id"],
            name=op.f("fk_campaigns_seller_id_sellpage_id"),
        ),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("seller_id", "external_id", name=op.f("uq_campaigns_seller_id_external_id")),
    )
    op.create_index(
        op.f("ix_campaigns_seller_id_account_id_id"), "campaigns", ["seller_id", "account_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_campaigns_seller_id_sellpage_id_id"), "campaigns", ["seller_id", "sellpage_id", "id"], unique=False
    )
    op.create_table(
        "login_emails",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_emails_user_id")),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_login_emails")),
    )
    op.create_table(
        "memberships",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('OWNER', 'ADMIN', 'ANALYST')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("seller_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    op.create_table(
        "mock_statuses",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level IN ('CAMPAIGN', 'ADSET', 'AD')", name=op.f("ck_mock_statuses_level")),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED')", name=op.f("ck_mock_statuses_status")
        ),
        sa.ForeignKeyConstraint(
            ["seller_id", "account_id"],
            ["fb_connections.seller_id", "fb_connections.id"],
            name=op.f("fk_mock_statuses_seller_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("seller_id", "account_id", "external_id", name=op.f("pk_mock_statuses")),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_refresh_tokens_user_id")),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("seller_id", "token_hash", name=op.f("uq_refresh_tokens_seller_id_token_hash")),
    )
    op.create_index(
        op.f("ix_refresh_tokens_seller_id_family_id"), "refresh_tokens", ["seller_id", "family_id"], unique=False
    )
    op.create_table(
        "sync_run_jobs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_sync_run_jobs_job_id")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name=op.f("fk_sync_run_jobs_run_id")),
        sa.PrimaryKeyConstraint("run_id", "job_id", name=op.f("pk_sync_run_jobs")),
    )
    op.create_index(op.f("ix_sync_run_jobs_job_id"), "sync_run_jobs", ["job_id"], unique=False)
    op.create_table(
        "adsets",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery_status", sa.Text(), nullable=False),
        sa.Column("delivery_raw", sa.Text(), nullable=True),
        sa.Column("delivery_reason", sa.Text(), nullable=True),
        sa.Column("platform_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("budget_type", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("optimization_goal", sa.Text(), nullable=True),
        sa.Column("targeting", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("learning", sa.Text(), nullable=True),
        sa.CheckConstraint("budget_type IN ('DAILY', 'LIFETIME')", name=op.f("ck_adsets_budget_type")),
        sa.CheckConstraint(
            "delivery_status IN ('ACTIVE', 'INACTIVE', 'LEARNING', 'LIMITED', 'ERROR', 'NOT_DELIVERING', 'PENDING_REVIEW', 'UNKNOWN')",
            name=op.f("ck_adsets_delivery_status"),
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED')", name=op.f("ck_adsets_status")),
        sa.ForeignKeyConstraint(
            ["seller_id", "account_id"],
            ["fb_connections.seller_id", "fb_connections.id"],
            name=op.f("fk_adsets_seller_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id", "campaign_id"],
            ["campaigns.seller_id", "campaigns.id"],
            name=op.f("fk_adsets_seller_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_adsets")),
        sa.UniqueConstraint("seller_id", "external_id", name=op.f("uq_adsets_seller_id_external_id")),
    )
    op.create_index(
        op.f("ix_adsets_seller_id_account_id_id"), "adsets", ["seller_id", "account_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_adsets_seller_id_campaign_id_id"), "adsets", ["seller_id", "campaign_id", "id"], unique=False
    )
    op.create_table(
        "ads",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery_status", sa.Text(), nullable=False),
        sa.Column("delivery_raw", sa.Text(), nullable=True),
        sa.Column("delivery_reason", sa.Text(), nullable=True),
        sa.Column("platform_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("adset_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "delivery_status IN ('ACTIVE', 'INACTIVE', 'LEARNING', 'LIMITED', 'ERROR', 'NOT_DELIVERING', 'PENDING_REVIEW', 'UNKNOWN')",
            name=op.f("ck_ads_delivery_status"),
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED')", name=op.f("ck_ads_status")),
        sa.ForeignKeyConstraint(
            ["seller_id", "account_id"],
            ["fb_connections.seller_id", "fb_connections.id"],
            name=op.f("fk_ads_seller_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id", "adset_id"], ["adsets.seller_id", "adsets.id"], name=op.f("fk_ads_seller_id_adset_id")
        ),
        sa.ForeignKeyConstraint(
            ["seller_id", "campaign_id"],
            ["campaigns.seller_id", "campaigns.id"],
            name=op.f("fk_ads_seller_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint("seller_id", "id", name=op.f("pk_ads")),
        sa.UniqueConstraint("seller_id", "external_id", name=op.f("uq_ads_seller_id_external_id")),
    )
    op.create_index(op.f("ix_ads_seller_id_account_id_id"), "ads", ["seller_id", "account_id", "id"], unique=False)
    op.create_index(op.f("ix_ads_seller_id_adset_id_id"), "ads", ["seller_id", "adset_id", "id"], unique=False)
    op.create_index(op.f("ix_ads_seller_id_campaign_id_id"), "ads", ["seller_id", "campaign_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_ads_seller_id_campaign_id_id"), table_name="ads")
    op.drop_index(op.f("ix_ads_seller_id_adset_id_id"), table_name="ads")
    op.drop_index(op.f("ix_ads_seller_id_account_id_id"), table_name="ads")
    op.drop_table("ads")
    op.drop_index(op.f("ix_adsets_seller_id_campaign_id_id"), table_name="adsets")
    op.drop_index(op.f("ix_adsets_seller_id_account_id_id"), table_name="adsets")
    op.drop_table("adsets")
    op.drop_index(op.f("ix_sync_run_jobs_job_id"), table_name="sync_run_jobs")
    op.drop_table("sync_run_jobs")
    op.drop_index(op.f("ix_refresh_tokens_seller_id_family_id"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_table("mock_statuses")
    op.drop_index(op.f("ix_memberships_user_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("login_emails")
    op.drop_index(op.f("ix_campaigns_seller_id_sellpage_id_id"), table_name="campaigns")
    op.drop_index(op.f("ix_campaigns_seller_id_account_id_id"), table_name="campaigns")
    op.drop_table("campaigns")
    op.drop_table("users")
    op.drop_table("ticks")
    op.drop_index("ix_sync_runs_seller", table_name="sync_runs")
    op.drop_table("sync_runs")
    op.drop_table("stats_fetches")
    op.drop_table("sellpages")
    op.drop_table("sellpage_stats_daily")
    op.drop_table("sellers")
    op.drop_table("page_stats_daily")
    op.drop_index("uq_jobs_running_exclusive_key", table_name="jobs", postgresql_where=sa.text("state = 'RUNNING'"))
    op.drop_index(
        "uq_jobs_live_key",
        table_name="jobs",
        postgresql_where=sa.text("state IN ('BLOCKED', 'QUEUED', 'RUNNING', 'RETRYING', 'PARKED')"),
    )
    op.drop_index("ix_jobs_seller", table_name="jobs")
    op.drop_index("ix_jobs_lease", table_name="jobs", postgresql_where=sa.text("state = 'RUNNING'"))
    op.drop_index(
        "ix_jobs_due", table_name="jobs", postgresql_where=sa.text("state IN ('QUEUED', 'RETRYING', 'PARKED')")
    )
    op.drop_table("jobs")
    op.drop_table("idempotent_requests")
    op.drop_index(op.f("ix_fb_connections_seller_id_parent_id"), table_name="fb_connections")
    op.drop_table("fb_connections")
    op.drop_index(op.f("ix_audit_events_seller_id_subject_id_id"), table_name="audit_events")
    op.drop_index(op.f("ix_audit_events_seller_id_batch_id"), table_name="audit_events")
    op.drop_table("audit_events")
    op.drop_table("ad_strategies")
    op.drop_table("ad_stats_raw")
    op.drop_index("ix_ad_stats_daily_entity", table_name="ad_stats_daily")
    op.drop_table("ad_stats_daily")
